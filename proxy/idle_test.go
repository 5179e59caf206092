package proxy_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"pingap-go/internal/testkit"
)

// parked waits until so many connections of clients, of those that are open, wait for
// the next request on no stack.
func (r *rig) parked(t *testing.T, count, open int) {
	t.Helper()
	stacks := make([]byte, 4<<20)
	testkit.Eventually(t, patience, func() error {
		all := string(stacks[:runtime.Stack(stacks, true)])
		if n := open - strings.Count(all, "proxy.(*conn).serve("); n != count {
			return fmt.Errorf("%d are parked, want %d of %d", n, count, open)
		}
		return r.hasMetric(fmt.Sprintf(`pingap_connections{server="s",state="idle"} %d`, open))
	})
}

func TestIdleConnectionsPark(t *testing.T) { withAndWithoutLoops(t, idleConnectionsPark) }

// withAndWithoutLoops runs a test of every transport on loops and on goroutines, as it is
// where there are no loops and where a loop can have no descriptor.
func withAndWithoutLoops(t *testing.T, test func(*testing.T, transport)) {
	for name, loops := range map[string]int{"loops": 2, "goroutines": 0} {
		t.Run(name, func(t *testing.T) {
			everyTransport(t, func(t *testing.T, on transport) {
				test(t, func(change func(*parts)) func(*parts) {
					return on(func(p *parts) {
						p.loops = loops
						if change != nil {
							change(p)
						}
					})
				})
			})
		})
	}
}

func idleConnectionsPark(t *testing.T, on transport) {
	r := start(t, on(nil), newOrigin(t, always(hello)))
	clients := make([]*client, 20)
	for i := range clients {
		clients[i] = r.dial(t)
	}
	for range 2 {
		for _, c := range clients {
			c.open("/")
		}
		r.parked(t, len(clients), len(clients))
	}
	clients[0].send("GET / HTTP/1.1\r\n")
	r.parked(t, len(clients)-1, len(clients))
	clients[0].send("Host: a\r\n\r\n")
	if a := clients[0].answer("GET"); a.StatusCode != 200 {
		t.Errorf("status %d", a.StatusCode)
	}
}

// A parked connection ends like any other idle one.
func TestParkedConnectionsEnd(t *testing.T) { withAndWithoutLoops(t, parkedConnectionsEnd) }

func parkedConnectionsEnd(t *testing.T, on transport) {
	for name, end := range map[string]func(*testing.T, *rig, *client){
		"the client leaves":    func(_ *testing.T, _ *rig, c *client) { c.Close() },
		"the client is reset":  func(_ *testing.T, _ *rig, c *client) { c.reset() },
		"the client half-ends": func(_ *testing.T, _ *rig, c *client) { c.halfClose(); c.over() },
		"the server drains": func(t *testing.T, r *rig, c *client) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			if err := r.server.Shutdown(ctx); err != nil {
				t.Errorf("shutdown: %v", err)
			}
			c.over()
		},
		"the server is cut off": func(t *testing.T, r *rig, c *client) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			if err := r.server.Shutdown(ctx); err == nil {
				t.Error("nothing was cut off")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, on(nil), newOrigin(t, always(hello)))
			c := r.dial(t)
			c.open("/")
			r.parked(t, 1, 1)
			end(t, r, c)
			r.parked(t, 0, 0)
		})
	}
}

// A client may end its side of TLS alone and leave TCP open. Between requests that is
// the end.
func TestIdleClientThatEndsTLSAloneIsLetGo(t *testing.T) {
	for name, before := range map[string]func(*testing.T, *rig, *client){
		"at once": func(t *testing.T, _ *rig, c *client) {
			if err := c.Conn.(*tls.Conn).Handshake(); err != nil {
				t.Fatal(err)
			}
		},
		"after an answer": func(_ *testing.T, _ *rig, c *client) { c.open("/") },
		"parked":          func(t *testing.T, r *rig, c *client) { c.open("/"); r.parked(t, 1, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, secure(t, nil), newOrigin(t, always(hello)))
			c := r.dial(t)
			before(t, r, c)
			if err := c.Conn.(*tls.Conn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			c.over()
			testkit.Eventually(t, patience, func() error { return r.hasMetric(`pingap_connections{server="s",state="idle"} 0`) })
		})
	}
}
