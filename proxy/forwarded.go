package proxy

import (
	"net/netip"
	"strings"

	"pingap-go/message"
	"pingap-go/plugin"
)

// identify finds out who the client is: the peer, or, when the peer is trusted,
// the nearest address in X-Forwarded-For that is not (reading from the right, as
// only that end was written by proxies we trust). It is the request's site that says
// whom: a connection may be older than that.
func (s *Site) identify(x *exchange) {
	x.ClientIP, x.Trusted = x.RemoteIP, s.trusts(x.Remote.Addr())
	if !x.Trusted {
		return
	}
	hops := strings.Split(forwardedFor(&x.Request.Header), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		addr, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			return
		}
		x.ClientIP = addr.String()
		if !s.trusts(addr.Unmap()) {
			return
		}
	}
}

// forwardedFor joins all X-Forwarded-For lines, as RFC 9110 section 5.3 allows.
func forwardedFor(h *message.Header) string {
	joined := ""
	for _, f := range h.Fields() {
		switch {
		case f.Known != message.XForwardedFor:
		case joined == "":
			joined = f.Value
		default:
			joined += ", " + f.Value
		}
	}
	return joined
}

// setForwarded writes X-Forwarded-* and X-Real-IP from the connection. A
// client's own are replaced unless it is trusted; then the address is appended
// to its list and the others stand as they are.
// A field that the location's own rules give is left to them.
func setForwarded(x *exchange, rules *plugin.HeaderRules) {
	h := &x.Request.Header
	via := x.RemoteIP
	if x.Trusted {
		if before := forwardedFor(h); before != "" {
			via = before + ", " + via
		}
	} else {
		dropForwarded(h)
	}
	ours := [...]struct {
		name  message.Known
		value string
		keep  bool
	}{
		{message.XForwardedFor, via, false},
		{message.XForwardedProto, x.Request.Scheme, x.Trusted},
		{message.XForwardedHost, x.Request.Authority, x.Trusted},
		{message.XForwardedPort, x.localPort, x.Trusted},
		{message.XRealIP, x.ClientIP, false},
	}
	for i := range ours {
		f := &ours[i]
		switch {
		case f.value == "" || rules.Gives(f.name) || f.keep && h.HasKnown(f.name):
			continue
		case x.Trusted && h.HasKnown(f.name):
			h.Set(f.name.String(), f.value)
		default:
			h.AddKnown(f.name, f.value)
		}
	}
	x.Forwarded = x.Forwarded || !rules.Gives(message.XForwardedFor)
}

// dropForwarded removes what an untrusted client claims about itself.
func dropForwarded(h *message.Header) {
	for _, f := range h.Fields() {
		if isForwarded(f.Known) {
			h.DelFunc(func(f *message.Field) bool { return isForwarded(f.Known) })
			return
		}
	}
}

func isForwarded(k message.Known) bool {
	return k >= message.XForwardedFor && k <= message.XRealIP
}
