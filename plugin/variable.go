package plugin

import (
	"iter"
	"maps"
	"os"
	"strconv"
	"strings"

	"pingap-go/message"
)

// variable is what a "$name" stands for. Exactly one of its functions is set;
// argument is the NAME of a family ("http_NAME"), in its spelling.
type variable struct {
	// text gives the value where it is a string already.
	text func(ex *Exchange, argument string) string
	// write appends the value where it has to be put together.
	write func(dst []byte, ex *Exchange, argument string) []byte
	// dashes says that "_" in the argument stands for "-".
	dashes bool
}

func (v *variable) append(dst []byte, ex *Exchange, argument string) []byte {
	if v.text != nil {
		return append(dst, v.text(ex, argument)...)
	}
	return v.write(dst, ex, argument)
}

func (v *variable) spelling(argument string) string {
	if v.dashes {
		return strings.ReplaceAll(argument, "_", "-")
	}
	return argument
}

// variables are the single ones by name. Never written to.
var variables = map[string]*variable{
	"host":                      textOf(func(ex *Exchange) string { return ex.Request.Host() }),
	"scheme":                    textOf(func(ex *Exchange) string { return ex.Request.Scheme }),
	"method":                    textOf(func(ex *Exchange) string { return ex.Request.Method }),
	"path":                      textOf(func(ex *Exchange) string { return ex.Request.Path }),
	"remote_addr":               textOf(func(ex *Exchange) string { return ex.RemoteIP }),
	"remote_port":               textOf(func(ex *Exchange) string { return ex.RemotePort }),
	"upstream_addr":             textOf(func(ex *Exchange) string { return ex.UpstreamAddr }),
	"hostname":                  textOf(func(*Exchange) string { return hostname }),
	"request_id":                textOf(requestID),
	"uri":                       {write: appendURI},
	"server_addr":               {write: appendServerAddr},
	"server_port":               {write: appendServerPort},
	"proxy_add_x_forwarded_for": {write: appendForwardedFor},
}

// families are the variables that go on with a NAME, by what stands before "_".
var families = map[string]*variable{
	"http":    {text: headerValue, dashes: true},
	"cookie":  {text: cookieValue},
	"arg":     {text: argValue},
	"capture": {text: captureValue},
}

// captured is a named group of the location, which needs no "capture_".
var captured = families["capture"]

// hostname is that of this machine when the program started.
var hostname, _ = os.Hostname()

func variableNames() iter.Seq[string] { return maps.Keys(variables) }

func textOf(f func(*Exchange) string) *variable {
	return &variable{text: func(ex *Exchange, _ string) string { return f(ex) }}
}

// requestID is the exchange's id, made on first use.
func requestID(ex *Exchange) string {
	if ex.RequestID == "" {
		ex.RequestID = NewRequestID()
	}
	return ex.RequestID
}

func appendURI(dst []byte, ex *Exchange, _ string) []byte {
	dst = append(dst, ex.Request.Path...)
	if ex.Request.HasQuery {
		dst = append(append(dst, '?'), ex.Request.Query...)
	}
	return dst
}

func appendServerAddr(dst []byte, ex *Exchange, _ string) []byte {
	if !ex.Local.IsValid() {
		return dst
	}
	return ex.Local.Addr().Unmap().AppendTo(dst)
}

func appendServerPort(dst []byte, ex *Exchange, _ string) []byte {
	if !ex.Local.IsValid() {
		return dst
	}
	return strconv.AppendUint(dst, uint64(ex.Local.Port()), 10)
}

// appendForwardedFor is nginx's variable: what the client sent, then the peer,
// whether or not that has been written into the request yet.
func appendForwardedFor(dst []byte, ex *Exchange, _ string) []byte {
	sent := headerValue(ex, message.XForwardedFor.String())
	dst = append(dst, sent...)
	if ex.Forwarded {
		return dst
	}
	if sent != "" && ex.RemoteIP != "" {
		dst = append(dst, ", "...)
	}
	return append(dst, ex.RemoteIP...)
}

// headerValue is the request header's value; several are joined with ", " as
// RFC 9110 section 5.2 has it.
func headerValue(ex *Exchange, name string) (value string) {
	if message.EqualFold(name, "Host") {
		return ex.Request.Authority
	}
	seen := false
	for i, fields := 0, ex.Request.Header.Fields(); i < len(fields); i++ {
		if !message.EqualFold(fields[i].Name, name) {
			continue
		}
		if seen {
			value += ", " + fields[i].Value
		} else {
			value, seen = fields[i].Value, true
		}
	}
	return value
}

func cookieValue(ex *Exchange, name string) string {
	value, _ := ex.Request.Cookie(name)
	return value
}

func argValue(ex *Exchange, name string) string {
	value, _ := ex.Request.QueryValue(name)
	return value
}

func captureValue(ex *Exchange, name string) string {
	for i := range ex.Captures {
		if ex.Captures[i].Name == name {
			return ex.Captures[i].Value
		}
	}
	return ""
}
