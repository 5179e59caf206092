package http1

import (
	"strconv"
	"strings"

	"pingap-go/message"
)

// knownSet is a set of known names.
type knownSet uint64

func (s knownSet) has(k message.Known) bool { return s>>k&1 != 0 }

// special are the fields that never stay in a Header: framing, and what is said
// to the next hop only (RFC 9110 section 7.6.1). Serialisers skip them too.
const special knownSet = 1<<message.Connection | 1<<message.ContentLength | 1<<message.TransferEncoding |
	1<<message.Host | 1<<message.KeepAlive | 1<<message.ProxyConnection | 1<<message.ProxyAuthenticate |
	1<<message.ProxyAuthorization | 1<<message.TE | 1<<message.Trailer | 1<<message.Upgrade |
	1<<message.HTTP2Settings | 1<<message.Expect | 1<<ghost

// endToEnd are known names that a Connection line cannot have removed.
const endToEnd knownSet = 1<<message.Date | 1<<message.Cookie | 1<<message.Authorization |
	1<<message.XForwardedFor | 1<<message.XForwardedProto | 1<<message.XForwardedHost |
	1<<message.XForwardedPort | 1<<message.XRealIP | 1<<message.Traceparent | 1<<message.Tracestate

// take keeps what a special field says, and reports whether the field itself
// has to stay in the header for now.
func (s *section) take(f *message.Field) (stays bool) {
	switch f.Known {
	case message.Host:
		s.hosts, s.host = s.hosts+1, f.Value
	case message.ContentLength:
		s.lengths, s.length = s.lengths+1, f.Value
	case message.TransferEncoding:
		s.codings, s.coding = s.codings+1, f.Value
	case message.Upgrade:
		s.upgrades, s.upgrade = s.upgrades+1, f.Value
	case message.Expect:
		s.expects, s.expect = s.expects+1, f.Value
	case message.KeepAlive:
		s.keepAlive = f.Value
	case message.TE:
		s.trailers = s.trailers || listHas(f.Value, "trailers")
	case message.Connection:
		before := s.nominations
		s.options(f.Value)
		stays = s.nominations > before
	}
	return stays
}

// options keeps the connection options of one line, as long as they are not too many.
func (s *section) options(list string) {
	if message.EqualFold(list, "keep-alive") { // as browsers say with every request
		s.keeps = true
		return
	}
	for list != "" && s.elements <= maxElements {
		var option string
		option, list = element(list)
		s.elements++
		switch {
		case option == "", message.EqualFold(option, "te"):
		case message.EqualFold(option, "keep-alive"):
			s.keeps = true
		case message.EqualFold(option, "close"):
			s.closes = true
		case message.EqualFold(option, "upgrade"):
			s.switches = true
		default:
			s.nominations++
		}
	}
}

// dropNominated removes the Connection lines and the fields that they name.
func (s *section) dropNominated() {
	h := s.header
	s.header.DelFunc(func(f *message.Field) bool {
		return f.Known != message.Connection && !mustStay(f) && nominated(h, f.Name)
	})
	s.header.DelFunc(func(f *message.Field) bool { return f.Known == message.Connection })
}

// nominated reports whether a Connection line in h names the field.
func nominated(h *message.Header, name string) bool {
	for _, f := range h.Fields() {
		if f.Known == message.Connection && listHas(f.Value, name) {
			return true
		}
	}
	return false
}

// mustStay are the fields that are meant for everybody down the road: a client
// that could have them removed could hide who it is, or what the content is.
func mustStay(f *message.Field) bool {
	if endToEnd.has(f.Known) {
		return true
	}
	for _, name := range [...]string{"Cache-Control", "Forwarded", "Set-Cookie", "Via", "WWW-Authenticate"} {
		if message.EqualFold(f.Name, name) {
			return true
		}
	}
	return hasPrefixFold(f.Name, "Content-") || hasPrefixFold(f.Name, "X-Forwarded-")
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && message.EqualFold(s[:len(prefix)], prefix)
}

// timeout is the number of seconds in "Keep-Alive: timeout=5, max=100", or 0.
func timeout(keepAlive string) int {
	for keepAlive != "" {
		var parameter string
		parameter, keepAlive = element(keepAlive)
		name, value, _ := strings.Cut(parameter, "=")
		if message.EqualFold(trim(name), "timeout") {
			if n, err := strconv.ParseUint(trim(value), 10, 31); err == nil {
				return int(n)
			}
		}
	}
	return 0
}
