package proxy_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"pingap-go/internal/testkit"
)

// upgrade asks for a WebSocket.
func upgrade(l ...string) string {
	return lines(append([]string{"GET /chat HTTP/1.1", "Host: a", "Connection: keep-alive, Upgrade", "Upgrade: WebSocket",
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"}, l...)...)
}

var switching = lines("HTTP/1.1 101 Switching Protocols", "upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")

// switches agrees to the switch and then lets talk have the connection.
func switches(talk func(*visit)) func(*visit) {
	return func(v *visit) {
		req, err := v.head()
		if err != nil || req.Header.Get("Upgrade") == "" {
			return
		}
		v.say(switching)
		talk(v)
	}
}

// mirror sends everything back, and ends when its peer does.
func mirror(v *visit) { io.Copy(v.Conn, v.r) }

// tunnel opens one through the proxy.
func (r *rig) tunnel(t testing.TB) *client {
	t.Helper()
	c := r.dial(t)
	c.send(upgrade())
	if res := c.head("GET"); res.StatusCode != 101 || !strings.EqualFold(res.Header.Get("Upgrade"), "websocket") {
		t.Fatalf("status %d, header %v", res.StatusCode, res.Header)
	}
	return c
}

// frame is an unfragmented WebSocket message (RFC 6455 section 5.2), masked as a
// client's must be.
func frame(opcode byte, payload []byte) []byte {
	f := []byte{0x80 | opcode, 0x80 | byte(len(payload))}
	if len(payload) > 125 {
		f[1] = 0x80 | 126
		f = binary.BigEndian.AppendUint16(f, uint16(len(payload)))
	}
	mask := [4]byte{1, 2, 3, 4}
	f = append(f, mask[:]...)
	for i, b := range payload {
		f = append(f, b^mask[i%4])
	}
	return f
}

// expects reads what must come next.
func (c *client) expects(want []byte) {
	c.t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(c.r, got); err != nil || !bytes.Equal(got, want) {
		c.t.Fatalf("got %.60q, %v, want %.60q", got[:n], err, want)
	}
}

func TestWebSocketFramesPassBothWays(t *testing.T) { everyTransport(t, webSocketFramesPassBothWays) }

func webSocketFramesPassBothWays(t *testing.T, on transport) {
	r := start(t, on(nil), newOrigin(t, switches(mirror)))
	c := r.tunnel(t)
	for name, f := range map[string][]byte{
		"text":   frame(1, []byte("hello")),
		"binary": frame(2, upload(60_000)),
		"ping":   frame(9, nil),
		"zeros":  make([]byte, 100_000),
	} {
		c.send(string(f))
		t.Log(name)
		c.expects(f)
	}
	for _, code := range []uint16{1000, 1001, 1011, 4999} {
		f := frame(8, binary.BigEndian.AppendUint16(nil, code))
		c.send(string(f))
		c.expects(f)
	}
	c.halfClose()
	c.over()
}

func TestBytesSentWithTheSwitchAreNotLost(t *testing.T) {
	o := newOrigin(t, func(v *visit) {
		if _, err := v.head(); err == nil {
			v.say(switching + "from the server")
			mirror(v)
		}
	})
	c := start(t, nil, o).dial(t)
	c.send(upgrade() + "from the client")
	if res := c.head("GET"); res.StatusCode != 101 {
		t.Fatalf("status %d", res.StatusCode)
	}
	c.expects([]byte("from the server"))
	c.expects([]byte("from the client"))
}

// Until the upstream has agreed, what follows is a request like any other, which
// must not pass as bytes of a tunnel.
func TestRefusedSwitchLeavesHTTPInForce(t *testing.T) {
	requests := make(chan *http.Request, 10)
	o := newOrigin(t, seen(requests, hello))
	c := start(t, nil, o).dial(t)
	c.send(upgrade() + get("/bad/../next") + "GET /smuggled HTTP/1.1\nHost: a\n\n")
	for range 2 {
		if a := c.answer("GET"); a.StatusCode != 200 || a.body != "hello" {
			t.Fatalf("status %d, body %q", a.StatusCode, a.body)
		}
	}
	c.refused("GET", 400, "bad_request")
	if a, b := <-requests, <-requests; a.URL.Path != "/chat" || b.URL.Path != "/next" || len(requests) > 0 {
		t.Errorf("the upstream got %s, %s and %d more", a.URL.Path, b.URL.Path, len(requests))
	}
}

func TestOnlyWebSocketMayBeSwitchedTo(t *testing.T) {
	requests := make(chan *http.Request, 1)
	r := start(t, nil, newOrigin(t, seen(requests, hello)))
	for name, request := range map[string]string{
		"h2c":                lines("GET / HTTP/1.1", "Host: a", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"),
		"h2c and websocket":  lines("GET / HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: h2c, websocket"),
		"two lines":          lines("GET / HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: websocket", "Upgrade: h2c"),
		"TLS":                lines("OPTIONS * HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: TLS/1.0"),
		"not nominated":      lines("GET / HTTP/1.1", "Host: a", "Upgrade: websocket"),
		"with a body":        lines("GET / HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: websocket", "Content-Length: 5") + "hello",
		"by POST":            lines("POST / HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: websocket", "Content-Length: 0"),
		"in HTTP/1.0":        lines("GET / HTTP/1.0", "Host: a", "Connection: Upgrade", "Upgrade: websocket"),
		"websocket in a way": lines("GET / HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: websocket/13"),
	} {
		t.Run(name, func(t *testing.T) {
			r.dial(t).ask(request, 200)
			req := <-requests
			if u := req.Header.Values("Upgrade"); len(u) > 0 || req.Header.Get("Http2-Settings") != "" || req.Header.Get("Connection") != "" {
				t.Errorf("the upstream got Upgrade %q, Connection %q", u, req.Header.Get("Connection"))
			}
		})
	}
}

func TestLocationWithoutWebSocket(t *testing.T) {
	requests := make(chan *http.Request, 1)
	r := start(t, func(p *parts) { p.location.Websocket = false }, newOrigin(t, seen(requests, hello)))
	r.dial(t).ask(upgrade(), 200)
	if req := <-requests; req.Header.Get("Upgrade") != "" {
		t.Errorf("the upstream got Upgrade %q", req.Header.Get("Upgrade"))
	}
	r = start(t, func(p *parts) { once(p); p.location.Websocket = false }, newOrigin(t, func(v *visit) {
		v.head()
		v.say(switching)
		v.ended()
	}))
	r.dial(t).ask(upgrade(), 502)
}

// Either end may have said all and still want to hear the rest.
func TestTunnelsHalfClose(t *testing.T) {
	t.Run("client first", func(t *testing.T) {
		c := start(t, nil, newOrigin(t, switches(func(v *visit) {
			said, _ := io.ReadAll(v.r)
			v.say("you said " + string(said))
		}))).tunnel(t)
		c.send("goodbye")
		c.halfClose()
		c.expects([]byte("you said goodbye"))
		c.over()
	})
	t.Run("server first", func(t *testing.T) {
		heard := make(chan string, 1)
		c := start(t, nil, newOrigin(t, switches(func(v *visit) {
			v.halfClose()
			said, _ := io.ReadAll(v.r)
			heard <- string(said)
		}))).tunnel(t)
		c.over()
		c.send("still here")
		c.halfClose()
		if said := <-heard; said != "still here" {
			t.Errorf("the server heard %q", said)
		}
	})
}

func TestTunnelEndsWithEitherEnd(t *testing.T) {
	for name, end := range map[string]func(*client, *visit){
		"client leaves":    func(c *client, _ *visit) { c.Close() },
		"client is reset":  func(c *client, _ *visit) { c.reset() },
		"server is reset":  func(c *client, v *visit) { v.reset() },
		"server goes away": func(c *client, v *visit) { v.Close(); c.over(); c.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrigin(t, switches(mirror))
			c := start(t, nil, o).tunnel(t)
			v := o.visit(t, 0)
			end(c, v)
			<-v.done
			io.Copy(io.Discard, c.r)
		})
	}
}

func TestBothDirectionsOfATunnelAreBusy(t *testing.T) {
	c := start(t, nil, newOrigin(t, switches(mirror))).tunnel(t)
	data := upload(8 << 20)
	var sending sync.WaitGroup
	sending.Go(func() {
		for rest := data; len(rest) > 0; rest = rest[min(len(rest), 5000):] {
			c.send(string(rest[:min(len(rest), 5000)]))
		}
		c.halfClose()
	})
	got, err := io.ReadAll(c.r)
	sending.Wait()
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes of %d came back, %v", len(got), len(data), err)
	}
}

func TestManyIdleTunnelsStayAlive(t *testing.T) {
	const count, timeOut = 1000, 2 * time.Second
	o := newOrigin(t, switches(mirror))
	r := start(t, func(p *parts) {
		p.limits.IdleTimeout, p.limits.Stall, p.limits.ReadHeaderTimeout = timeOut, timeOut, timeOut
		p.location.ResponseTimeout, p.pool.IdleTimeout = timeOut, timeOut
	}, o)
	tunnels := make([]*client, count)
	for i := range tunnels {
		tunnels[i] = r.tunnel(t)
	}
	<-time.After(timeOut + timeOut/2) // longer than any time-out
	for i, c := range tunnels {
		c.SetDeadline(time.Now().Add(patience))
		c.send(fmt.Sprint("tunnel ", i))
	}
	for i, c := range tunnels {
		c.expects(fmt.Append(nil, "tunnel ", i))
		c.Close()
	}
	testkit.Eventually(t, patience, func() error {
		for i := range count {
			select {
			case <-o.visit(t, i).done:
			default:
				return fmt.Errorf("tunnel %d is still there", i)
			}
		}
		return nil
	})
}

func TestTunnelsEndOnDrainAfterAGrace(t *testing.T) { everyTransport(t, tunnelsEndOnDrainAfterAGrace) }

func tunnelsEndOnDrainAfterAGrace(t *testing.T, on transport) {
	o := newOrigin(t, switches(mirror))
	r := start(t, on(func(p *parts) { p.limits.TunnelGrace = 300 * time.Millisecond }), o)
	c := r.tunnel(t)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	began, done := time.Now(), make(chan error, 1)
	var stopping sync.WaitGroup
	stopping.Go(func() { done <- r.server.Shutdown(ctx) })
	c.send("still talking")
	c.expects([]byte("still talking"))
	c.over()
	if err := <-done; err != nil {
		t.Errorf("a tunnel that had its grace was cut off: %v", err)
	}
	if took := time.Since(began); took < 250*time.Millisecond || took > 3*time.Second {
		t.Errorf("ended after %v", took)
	}
	stopping.Wait()
	<-o.visit(t, 0).done
}
