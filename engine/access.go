package engine

import (
	"net/netip"
	"strings"

	"pingap-go/message"
	"pingap-go/plugin"
)

// access is fabio's allow and deny: the peer and every address in
// X-Forwarded-For must pass, so that nobody hides behind a header.
type access struct{ allow, deny []netip.Prefix }

func (a access) wrap(next plugin.Handler) plugin.Handler {
	return plugin.HandlerFunc(func(ex *plugin.Exchange) error {
		if !a.admits(ex.RemoteIP) || !a.admitsForwarded(&ex.Request.Header) {
			return &message.Fault{Status: 403, Type: "forbidden", Detail: "this address is not let in"}
		}
		return next.Serve(ex)
	})
}

// mostHops is how many addresses X-Forwarded-For may hold where each has to pass. Only
// who wants to keep us busy has more: what is no address takes longest to look at.
const mostHops = 64

func (a access) admitsForwarded(h *message.Header) bool {
	hops := 0
	for _, f := range h.Fields() {
		if f.Known != message.XForwardedFor {
			continue
		}
		for item := range strings.SplitSeq(f.Value, ",") {
			if hops++; hops > mostHops {
				return false
			}
			if item = strings.TrimSpace(item); item != "" && !a.admits(item) {
				return false
			}
		}
	}
	return true
}

// admits decides about one address. What is none is in no network.
func (a access) admits(text string) bool {
	addr, err := netip.ParseAddr(text)
	in := func(networks []netip.Prefix) bool {
		for _, n := range networks {
			if err == nil && n.Contains(addr.Unmap().WithZone("")) {
				return true
			}
		}
		return false
	}
	return (len(a.allow) == 0 || in(a.allow)) && !in(a.deny)
}
