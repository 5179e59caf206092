package tcp_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"pingap-go/internal/testkit"
)

// shutdown drains the server beside the test.
func (r *rig) shutdown(within time.Duration) <-chan error {
	done := make(chan error, 1)
	var stopping sync.WaitGroup
	stopping.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), within)
		defer cancel()
		done <- r.server.Shutdown(ctx)
	})
	r.t.Cleanup(stopping.Wait)
	return done
}

func (r *rig) wantShut(done <-chan error) {
	r.t.Helper()
	select {
	case err := <-done:
		if err != nil {
			r.t.Errorf("a connection that had its time was cut off: %v", err)
		}
	case <-time.After(patience):
		r.t.Fatal("it drains without end")
	}
}

func TestDrainLetsTunnelsFinish(t *testing.T) {
	r := start(t, func(p *parts) { p.limits.TunnelGrace = patience }, newHost(t, mirror).addr)
	c := r.dial()
	c.says("before")
	c.hears("before")
	done := r.shutdown(2 * patience)
	testkit.Eventually(t, patience, func() error {
		nc, err := net.Dial("tcp", r.addr)
		if err == nil {
			nc.Close()
			return errors.New("it still listens")
		}
		return nil
	})
	c.says("still talking")
	c.hears("still talking")
	c.halfClose()
	c.ends()
	r.wantShut(done)
}

func TestDrainEndsTunnelsAfterTheirTime(t *testing.T) {
	h := newHost(t, nil)
	r := start(t, func(p *parts) { p.limits.TunnelGrace = time.Second }, h.addr)
	c := r.dial()
	c.says("x")
	p := h.next()
	p.hears("x")
	began := time.Now()
	done := r.shutdown(patience)
	c.breaks()
	p.breaks()
	r.wantShut(done)
	if took := time.Since(began); took < 700*time.Millisecond {
		t.Errorf("ended after %v", took)
	}
	p.Close()
}

// Nor does a connect that nobody answers hold a drain up.
func TestDrainEndsConnectsUnderWay(t *testing.T) {
	testkit.Census(t)
	for name, within := range map[string]time.Duration{"by its grace": patience, "by force": 200 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			deaf := testkit.Deaf(t)
			r := start(t, func(p *parts) {
				p.relay.ConnectTimeout, p.limits.TunnelGrace = 0, 100*time.Millisecond
				if within < patience {
					p.limits.TunnelGrace = time.Hour
				}
			}, deaf)
			c := r.dial()
			r.hasMetric(`pingap_connections{server="s",state="active"} 1`)
			done := r.shutdown(within)
			c.breaks()
			select {
			case err := <-done:
				if (err == nil) != (within == patience) {
					t.Errorf("shutdown: %v", err)
				}
			case <-time.After(patience):
				t.Fatal("it drains without end")
			}
			if e := r.of(deaf); e.Failures != 0 {
				t.Error("our own end speaks against the host")
			}
		})
	}
}

func TestMaxConnections(t *testing.T) {
	h := newHost(t, named("a"))
	r := start(t, func(p *parts) { p.limits.MaxConnections = 2 }, h.addr)
	first, second := r.dial(), r.dial()
	for _, c := range []*peer{first, second} {
		c.hears("a")
	}
	r.dial().ends()
	second.Close()
	testkit.Eventually(t, patience, func() error {
		_, err := r.ask()
		return err
	})
	first.says("y")
	first.hears("y")
}

// Limits of the upstream count connections as they count requests.
func TestLimitOfAHost(t *testing.T) {
	a, b := newHost(t, named("a")), newHost(t, named("b"))
	r := start(t, func(p *parts) { p.pool.MaxPerHost = 2 }, a.addr, b.addr)
	clients := make([]*peer, 4)
	for i := range clients {
		clients[i] = r.dial()
		clients[i].says("!")
		if n, err := clients[i].Read(make([]byte, 1)); n != 1 || err != nil {
			t.Fatal(err)
		}
	}
	if na, nb := r.of(a.addr).InFlight, r.of(b.addr).InFlight; na != 2 || nb != 2 {
		t.Errorf("%d and %d connections", na, nb)
	}
	r.turnsAway()
	clients[0].Close()
	testkit.Eventually(t, patience, func() error {
		_, err := r.ask()
		return err
	})
}
