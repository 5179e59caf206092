package proxy_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"pingap-go/internal/testkit"
	"pingap-go/plugin"
	"pingap-go/upstream"
	"pingap-go/upstream/limit"
)

// What one request waits for holds up nobody else, though there is one loop.
func TestOthersAreServedWhileOneWaits(t *testing.T) {
	for name, wait := range map[string]func(*testing.T, *hold){
		"in a plugin":                 waitsInAPlugin,
		"in the queue":                waitsInTheQueue,
		"between tries":               waitsBetweenTries,
		"for a connection":            waitsForAConnection,
		"for the answer":              waitsForTheAnswer,
		"for the rest of the answer":  waitsForTheRest,
		"for the handshake":           waitsForTheHandshake,
		"for an answer over TLS":      waitsForAnAnswerOverTLS,
		"for an answer over HTTP/2":   waitsForAnAnswerOverHTTP2,
		"for the rest of an upload":   waitsForAnUpload,
		"for two answers":             waitsForTwoAnswers,
		"for somebody who reads":      waitsForAReader,
		"for the end of a tunnel":     waitsInATunnel,
		"for an answer to a h2c call": waitsForACall,
		"for the log":                 waitsForTheLog,
		"for a name to listen on":     waitsForAName,
		"to speak HTTP/2, for a name": waitsForANameToSpeakHTTP2,
	} {
		t.Run(name, func(t *testing.T) { wait(t, newHold()) })
	}
}

func waitsInAPlugin(t *testing.T, h *hold) {
	delay := func(next plugin.Handler) plugin.Handler {
		return plugin.HandlerFunc(func(ex *plugin.Exchange) error {
			h.arrived()
			return errors.Join(ex.Wait(aWhile), next.Serve(ex))
		})
	}
	r := start(t, alone(func(p *parts) { p.chain = append(p.chain, delay) }), newOrigin(t, always(hello)))
	c := r.dial(t)
	r.meanwhile(t, h, func() error { return asks(c, get("/")) })
}

func waitsInTheQueue(t *testing.T, h *hold) {
	there := make(chan bool, 2)
	o := h.origin(t, func(v *visit) {
		for {
			if _, _, err := v.request(); err != nil {
				return
			}
			there <- true
			<-h.gate
			v.say(hello)
		}
	})
	gate := limit.NewGate(1, 10, time.Minute)
	r := start(t, alone(func(p *parts) { p.pool.Gate = gate }), o)
	first, second := r.dial(t), r.dial(t)
	first.send(get("/"))
	<-there
	r.meanwhile(t, h, func() error {
		second.send(get("/"))
		for gate.Waiting() == 0 {
			<-time.After(time.Millisecond)
		}
		h.arrived()
		return errors.Join(asks(second, ""), asks(first, ""))
	})
}

func waitsBetweenTries(t *testing.T, h *hold) {
	o := newOrigin(t, func(v *visit) {
		if _, _, err := v.request(); err != nil {
			return
		}
		h.arrived()
		v.say(lines("HTTP/1.1 503 x", "Content-Length: 0"))
		always(hello)(v)
	})
	r := start(t, alone(func(p *parts) {
		p.pool.Retry = upstream.Retry{Attempts: 2, ReplayBuffer: 64 << 10, Backoff: 2 * aWhile}
	}), o)
	c := r.dial(t)
	r.meanwhile(t, h, func() error { return asks(c, get("/")) })
}

func waitsForAConnection(t *testing.T, h *hold) {
	deaf := testkit.Deaf(t)
	notes := func(next plugin.Handler) plugin.Handler {
		return plugin.HandlerFunc(func(ex *plugin.Exchange) error { h.arrived(); return next.Serve(ex) })
	}
	r := start(t, alone(func(p *parts) {
		p.hosts, p.location.ConnectTimeout, p.chain = []string{deaf}, aWhile, append(p.chain, notes)
	}))
	c := r.dial(t)
	r.meanwhile(t, h, func() error {
		if status, err := c.exchange(get("/"), "POST"); status != 504 && status != 502 {
			return fmt.Errorf("status %d, %v", status, err)
		}
		return nil
	})
}

func waitsForTheAnswer(t *testing.T, h *hold) {
	r := start(t, alone(nil), h.origin(t, h.answers(hello)))
	c := r.dial(t)
	r.meanwhile(t, h, func() error { return asks(c, get("/")) })
}

func waitsForTheRest(t *testing.T, h *hold) {
	r := start(t, alone(nil), h.origin(t, func(v *visit) {
		v.request()
		v.say(ok("Content-Length: 10") + "hello")
		h.stand()
		v.say("hello")
	}))
	c := r.dial(t)
	r.meanwhile(t, h, func() error { return asks(c, get("/")) })
}

func waitsForAnUpload(t *testing.T, h *hold) {
	body := upload(1 << 20)
	half := len(body) / 2
	r := start(t, alone(nil), newOrigin(t, func(v *visit) {
		req, err := v.head()
		if err != nil {
			return
		}
		h.arrived()
		io.Copy(io.Discard, req.Body)
		v.say(hello)
		always(hello)(v)
	}))
	c := r.dial(t)
	r.meanwhile(t, h, func() error {
		c.send(post(fmt.Sprint("Content-Length: ", len(body))) + string(body[:half]))
		<-h.gate
		return errors.Join(asks(c, string(body[half:])), asks(c, get("/")))
	})
}

func waitsForTwoAnswers(t *testing.T, h *hold) {
	var asked atomic.Int32
	script := func(v *visit) {
		if _, _, err := v.request(); err != nil {
			return
		}
		if asked.Add(1) == 2 {
			h.arrived()
		}
		<-h.gate
		v.say(hello)
	}
	r := start(t, alone(func(p *parts) { p.pool.Hedge = upstream.Hedge{After: 20 * time.Millisecond} }),
		h.origin(t, script), h.origin(t, script))
	c := r.dial(t)
	r.meanwhile(t, h, func() error { return asks(c, get("/")) })
}

func waitsForAReader(t *testing.T, h *hold) {
	const size = 32 << 20
	r := start(t, alone(nil), newOrigin(t, func(v *visit) {
		v.request()
		v.say(ok(fmt.Sprint("Content-Length: ", size)))
		_, _ = v.Conn.Write(make([]byte, 1<<20))
		h.arrived()
		_, _ = v.Conn.Write(make([]byte, size-1<<20))
	}))
	c := r.dial(t)
	r.meanwhile(t, h, func() error {
		c.send(get("/"))
		<-h.gate
		res, err := http.ReadResponse(c.r, nil)
		if err != nil {
			return err
		}
		if n, err := io.Copy(io.Discard, res.Body); n != size {
			return fmt.Errorf("%d bytes, %v", n, err)
		}
		return nil
	})
}

func waitsForTheLog(t *testing.T, h *hold) {
	o := newOrigin(t, func(v *visit) { _, _, _ = v.request() }) // and leaves
	r := start(t, alone(func(p *parts) { p.log = &stuckLog{slog.DiscardHandler, h, "endpoint does not answer"} }), o)
	t.Cleanup(h.open)
	c := r.dial(t)
	r.meanwhile(t, h, func() error {
		if status, err := c.exchange(get("/"), "POST"); status != 502 {
			return fmt.Errorf("status %d, %v", status, err)
		}
		return nil
	})
}

var errNoServer = errors.New("there is no such server")

// waitsForAName has a reload open an address whose name is looked up meanwhile.
func waitsForAName(t *testing.T, h *hold) {
	namesTakeTheirTime(t, h.stand)
	r := start(t, alone(nil), newOrigin(t, always(hello)))
	t.Cleanup(h.open)
	r.meanwhile(t, h, r.opensSlowly)
}

// namesTakeTheirTime has look-ups of names stand, and then fail.
func namesTakeTheirTime(t *testing.T, stand func()) {
	system := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		stand()
		return nil, errNoServer
	}}
	t.Cleanup(func() { net.DefaultResolver = system })
}

// opensSlowly tries to open an address whose name has to be looked up.
func (r *rig) opensSlowly() error {
	if err := r.server.Open(context.Background(), []string{"slow.test:0"}); err == nil {
		return errors.New("it listens there")
	}
	return nil
}
