package proxy_test

import (
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/http2"

	"pingap-go/plugin"
)

// What the rules are about, and what a client may not say of itself, does not come by
// way of the trailer, whatever is spoken on either side.
func TestTrailersDoNotGetRoundTheRules(t *testing.T) {
	rules, err := plugin.NewRequestRules(plugin.HeaderLists{
		Set: []string{"X-Role: guest"}, Remove: []string{"X-User"}, Add: []string{"X-Hop: 1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, two := range map[string]bool{"to HTTP/1": false, "to HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			trailers := make(chan string, 1)
			o := newOrigin(t, seenTrailers(trailers))
			if two {
				o = newOrigin(t, trailersInFrames(t, trailers))
			}
			r := start(t, func(p *parts) {
				once(p)
				p.limits.HTTP2, p.location.RequestHeaders = true, rules
				if two {
					overTwo(p)
				}
			}, o)
			sent := http.Header{"X-Role": {"admin"}, "X-User": {"root"}, "X-Hop": {"2"}, "X-Sum": {"5"}, "X-Real-Ip": {"192.0.2.1"}, "X_forwarded_for": {"192.0.2.1"}}
			for _, client := range []*http.Client{{Transport: new(http.Transport), Timeout: patience}, r.client2(t)} {
				req, err := http.NewRequest("POST", r.url("/"), io.MultiReader(strings.NewReader("hello")))
				if err != nil {
					t.Fatal(err)
				}
				req.Trailer = maps.Clone(sent)
				res, err := client.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				res.Body.Close()
				if got := <-trailers; !strings.EqualFold(got, "X-Sum") {
					t.Errorf("over %s the upstream got the trailers %s", res.Proto, got)
				}
				client.CloseIdleConnections()
			}
		})
	}
}

// seenTrailers hands on the names of the trailers of each request.
func seenTrailers(trailers chan<- string) func(*visit) {
	return func(v *visit) {
		for {
			req, _, err := v.request()
			if err != nil {
				return
			}
			trailers <- strings.Join(slices.Sorted(maps.Keys(req.Trailer)), " ")
			v.say(hello)
		}
	}
}

// trailersInFrames does in HTTP/2 what seenTrailers does.
func trailersInFrames(t *testing.T, trailers chan<- string) func(*visit) {
	return inFrames(t, func(f *frames, _ int, h *http2.MetaHeadersFrame) {
		if !h.StreamEnded() || h.PseudoValue("method") != "" {
			return
		}
		var names []string
		for _, field := range h.Fields {
			names = append(names, field.Name)
		}
		trailers <- strings.Join(names, " ")
		wellSpoken(f, 0, h)
	})
}
