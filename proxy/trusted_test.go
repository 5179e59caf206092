package proxy_test

import (
	"net/http"
	"net/netip"
	"testing"
)

// Who is no longer trusted after a reload is not trusted on connections of before.
func TestTrustFollowsTheConfiguration(t *testing.T) {
	everyTransport(t, func(t *testing.T, on transport) {
		requests := make(chan *http.Request, 10)
		r := start(t, on(once), newOrigin(t, seen(requests, hello)))
		c := r.dial(t)
		for _, tt := range []struct {
			trusted []netip.Prefix
			want    string
		}{
			{nil, "127.0.0.1"},
			{[]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, "192.0.2.1, 127.0.0.1"},
			{nil, "127.0.0.1"},
		} {
			site := *r.site
			site.Trusted = tt.trusted
			r.server.Serve(&site, []string{"127.0.0.1:0"})
			c.ask(lines("GET / HTTP/1.1", "Host: a", "X-Forwarded-For: 192.0.2.1"), 200)
			if got := (<-requests).Header.Get("X-Forwarded-For"); got != tt.want {
				t.Errorf("trusting %v the upstream is told %q, want %q", tt.trusted, got, tt.want)
			}
		}
	})
}
