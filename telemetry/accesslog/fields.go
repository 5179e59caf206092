package accesslog

import (
	"strconv"
	"strings"

	"pingap-go/message"
)

// fields are the tags without an argument, but for those of the time. Those
// that begin with ":" are what Pingap calls the context.
var fields = map[string]field{
	"host":       func(b []byte, e *Entry, _ string) []byte { return appendText(b, e.Host) },
	"method":     func(b []byte, e *Entry, _ string) []byte { return appendText(b, e.Method) },
	"path":       func(b []byte, e *Entry, _ string) []byte { return appendText(b, e.Path) },
	"query":      func(b []byte, e *Entry, _ string) []byte { return appendText(b, e.Query) },
	"uri":        func(b []byte, e *Entry, _ string) []byte { return appendText(b, e.Target) },
	"proto":      func(b []byte, e *Entry, _ string) []byte { return appendText(b, e.Proto) },
	"scheme":     func(b []byte, e *Entry, _ string) []byte { return appendText(b, e.Scheme) },
	"remote":     func(b []byte, e *Entry, _ string) []byte { return appendText(b, e.RemoteIP) },
	"client_ip":  func(b []byte, e *Entry, _ string) []byte { return appendText(b, e.ClientIP) },
	"request_id": func(b []byte, e *Entry, _ string) []byte { return appendText(b, e.RequestID) },

	"referer":    func(b []byte, e *Entry, _ string) []byte { return appendText(b, header(e.Request, "Referer")) },
	"user_agent": func(b []byte, e *Entry, _ string) []byte { return appendText(b, header(e.Request, "User-Agent")) },

	"status":             func(b []byte, e *Entry, _ string) []byte { return appendStatus(b, e.Status) },
	"size":               func(b []byte, e *Entry, _ string) []byte { return strconv.AppendInt(b, e.BytesOut, 10) },
	"size_human":         func(b []byte, e *Entry, _ string) []byte { return appendSize(b, e.BytesOut) },
	"payload_size":       func(b []byte, e *Entry, _ string) []byte { return strconv.AppendInt(b, e.BytesIn, 10) },
	"payload_size_human": func(b []byte, e *Entry, _ string) []byte { return appendSize(b, e.BytesIn) },
	"latency":            func(b []byte, e *Entry, _ string) []byte { return appendMillis(b, e.Duration) },
	"latency_human":      func(b []byte, e *Entry, _ string) []byte { return appendDuration(b, e.Duration) },
	"when_unix":          func(b []byte, e *Entry, _ string) []byte { return strconv.AppendInt(b, e.done().UnixMilli(), 10) },

	":remote_port":     func(b []byte, e *Entry, _ string) []byte { return appendText(b, e.RemotePort) },
	":server":          func(b []byte, e *Entry, _ string) []byte { return appendText(b, e.Server) },
	":location":        func(b []byte, e *Entry, _ string) []byte { return appendText(b, e.Location) },
	":upstream":        func(b []byte, e *Entry, _ string) []byte { return appendText(b, e.Upstream) },
	":upstream_addr":   func(b []byte, e *Entry, _ string) []byte { return appendText(b, e.UpstreamAddr) },
	":upstream_status": func(b []byte, e *Entry, _ string) []byte { return appendStatus(b, e.UpstreamStatus) },
	":tries":           func(b []byte, e *Entry, _ string) []byte { return strconv.AppendInt(b, int64(e.Tries), 10) },
	":error_type":      func(b []byte, e *Entry, _ string) []byte { return appendText(b, e.ErrorType) },
	":error_reason":    func(b []byte, e *Entry, _ string) []byte { return appendText(b, e.ErrorReason) },
	":trace_id":        func(b []byte, e *Entry, _ string) []byte { return appendText(b, traceID(e)) },

	":upstream_response_time":       appendUpstreamTime,
	":upstream_response_time_human": appendUpstreamTimeHuman,
}

func appendUpstreamTime(b []byte, e *Entry, _ string) []byte {
	if e.Tries == 0 {
		return append(b, '-')
	}
	return appendMillis(b, e.UpstreamTime)
}

func appendUpstreamTimeHuman(b []byte, e *Entry, _ string) []byte {
	if e.Tries == 0 {
		return append(b, '-')
	}
	return appendDuration(b, e.UpstreamTime)
}

func appendRequestHeader(b []byte, e *Entry, name string) []byte {
	return appendText(b, header(e.Request, name))
}

func appendResponseHeader(b []byte, e *Entry, name string) []byte {
	return appendText(b, header(e.Response, name))
}

func appendCookie(b []byte, e *Entry, name string) []byte {
	return appendText(b, cookie(e.Request, name))
}

// cookie is the value of the first cookie of that name (RFC 6265 section 5.4),
// as sent, or "".
func cookie(h *message.Header, name string) string {
	if h == nil {
		return ""
	}
	for _, f := range h.Fields() {
		if f.Known != message.Cookie {
			continue
		}
		for rest := f.Value; rest != ""; {
			var pair string
			pair, rest, _ = strings.Cut(rest, ";")
			if key, value, ok := strings.Cut(strings.TrimSpace(pair), "="); ok && key == name {
				return value
			}
		}
	}
	return ""
}

// traceID is the trace's number in the request's traceparent, which by then is
// the one that went to the upstream (W3C Trace Context section 3.2).
func traceID(e *Entry) string {
	if e.Request == nil {
		return ""
	}
	parent := e.Request.Known(message.Traceparent)
	if len(parent) < 55 {
		return ""
	}
	return parent[3:35]
}
