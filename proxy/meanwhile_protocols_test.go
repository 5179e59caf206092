package proxy_test

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"

	"golang.org/x/net/http2"
)

func waitsForTheHandshake(t *testing.T, h *hold) {
	script, config := overTLS(t, always(hello))
	r := start(t, alone(func(p *parts) { p.pool.TLS = config }), h.origin(t, func(v *visit) { h.stand(); script(v) }))
	c := r.dial(t)
	r.meanwhile(t, h, func() error { return asks(c, get("/")) })
}

func waitsForAnAnswerOverTLS(t *testing.T, h *hold) {
	script, config := overTLS(t, h.answers(hello))
	r := start(t, alone(func(p *parts) { p.pool.TLS = config }), h.origin(t, script))
	c := r.dial(t)
	r.meanwhile(t, h, func() error {
		return errors.Join(asks(c, get("/")), asks(c, get("/"))) // over a new connection and a kept one
	})
}

func waitsForAnAnswerOverHTTP2(t *testing.T, h *hold) {
	o := h.origin(t, inFrames(t, func(f *frames, number int, m *http2.MetaHeadersFrame) {
		h.stand()
		wellSpoken(f, number, m)
	}))
	r := start(t, alone(overTwo), o)
	c := r.dial(t)
	r.meanwhile(t, h, func() error { return errors.Join(asks(c, get("/")), asks(c, get("/"))) })
}

func waitsInATunnel(t *testing.T, h *hold) {
	r := start(t, alone(nil), h.origin(t, switches(mirror)))
	c := r.tunnel(t)
	r.meanwhile(t, h, func() error {
		h.arrived()
		<-h.gate
		c.send("hello")
		if _, err := io.ReadFull(c.r, make([]byte, 5)); err != nil {
			return err
		}
		c.halfClose()
		_, err := io.Copy(io.Discard, c.r)
		return err
	})
}

func waitsForACall(t *testing.T, h *hold) {
	r := start(t, alone(func(p *parts) { p.limits.HTTP2 = true }), h.origin(t, h.answers(hello)))
	client := r.client2(t)
	r.meanwhile(t, h, func() error {
		res, err := client.Get(r.url("/"))
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if res.StatusCode != 200 || res.ProtoMajor != 2 {
			return fmt.Errorf("%s %s", res.Proto, res.Status)
		}
		_, err = io.Copy(io.Discard, res.Body)
		return err
	})
}

// waitsForANameToSpeakHTTP2 has the first client of HTTP/2 come while a reload looks a
// name up.
func waitsForANameToSpeakHTTP2(t *testing.T, h *hold) {
	looking := make(chan struct{})
	looks := sync.OnceFunc(func() { close(looking) })
	namesTakeTheirTime(t, func() { looks(); <-h.gate })
	r := start(t, alone(func(p *parts) { p.limits.HTTP2 = true }), newOrigin(t, always(hello)))
	t.Cleanup(h.open)
	c := r.dial(t)
	r.meanwhile(t, h, func() error {
		opened := make(chan error, 1)
		go func() { opened <- r.opensSlowly() }()
		<-looking
		c.send(http2.ClientPreface)
		h.arrived()
		return <-opened
	})
}
