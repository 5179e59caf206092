package proxy

import (
	"pingap-go/message"
	"pingap-go/proxy/http1"
)

// trailer is what follows the request's content on its way to the upstream. Upstreams
// may take it for a part of the header, so it holds nothing that the location's rules are
// about: a client could get round them with it otherwise.
func (x *exchange) trailer() *message.Header {
	t, rules := &x.Request.Trailer, x.location.RequestHeaders
	if t.Len() > 0 {
		t.DelFunc(func(f *message.Field) bool { return !http1.MayTrail(f) || rules.Concern(f.Name) })
	}
	return t
}
