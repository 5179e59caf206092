package tcp_test

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"pingap-go/health"
	"pingap-go/internal/testkit"
	"pingap-go/upstream"
	"pingap-go/upstream/limit"
)

// ask has a new client say something, and tells what came of it.
func (r *rig) ask() (name string, err error) {
	nc, err := net.Dial("tcp", r.addr)
	if err != nil {
		return "", err
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(nc, "!"); err != nil {
		return "", err
	}
	answer := make([]byte, 2)
	_, err = io.ReadFull(nc, answer)
	return string(answer[:1]), err
}

// wantAll has n clients come one after the other, and counts who served them.
func (r *rig) wantAll(n int) map[string]int {
	r.t.Helper()
	got := map[string]int{}
	for i := range n {
		name, err := r.ask()
		if err != nil {
			r.t.Fatalf("client %d failed: %v", i, err)
		}
		got[name]++
	}
	return got
}

// A host that refuses costs no client anything, whatever the budget.
func TestDeadHostFailsNobody(t *testing.T) {
	h := newHost(t, named("a"))
	dead := nobody(t)
	r := start(t, func(p *parts) { p.pool.Budget = limit.NewBudget(0, 0) }, dead, h.addr)
	if got := r.wantAll(50); got["a"] != 50 {
		t.Errorf("served by %v", got)
	}
	if e := r.of(dead); e.Failures == 0 {
		t.Error("nothing speaks against the dead host")
	}
	r.hasMetric(`pingap_requests_total{code="200",location="",server="s",upstream="u"} 50`)
	if n := r.log.Count("endpoint does not answer"); n != 1 {
		t.Errorf("%d lines about the dead host", n)
	}
}

// A host that does not answer at all costs its time-out, and is ejected.
func TestDeafHostIsEjected(t *testing.T) {
	h := newHost(t, named("a"))
	deaf := testkit.Deaf(t)
	r := start(t, func(p *parts) {
		p.relay.ConnectTimeout = 200 * time.Millisecond
		p.pool.Ejection = health.Rules{Consecutive: 3, BaseTime: time.Minute}
	}, deaf, h.addr)
	r.wantAll(20)
	testkit.Eventually(t, patience, func() error {
		if e := r.of(deaf); e.Verdict != health.Ejected {
			return fmt.Errorf("%s (%s) after %d failures", e.Verdict, e.Reason, e.Failures)
		}
		return nil
	})
	before := r.of(deaf).Requests
	r.wantAll(20)
	if after := r.of(deaf).Requests; after != before {
		t.Errorf("%d more tries at an ejected host", after-before)
	}
	r.hasMetric(`pingap_upstream_ejections_total{reason="consecutive_failures",upstream="u"} 1`)
}

// A host that takes connections and breaks them off is found out, too; what became
// of its clients cannot be made good.
func TestHostThatBreaksOffIsEjected(t *testing.T) {
	h, ill := newHost(t, named("a")), newHost(t, (*peer).reset)
	r := start(t, func(p *parts) { p.pool.Ejection = health.Rules{Consecutive: 5, BaseTime: time.Minute} }, ill.addr, h.addr)
	for r.of(ill.addr).Verdict != health.Ejected {
		_, _ = r.ask()
	}
	r.wantAll(20)
	r.hasMetric(`pingap_upstream_ejections_total{reason="consecutive_failures",upstream="u"} 1`)
	if e := r.of(ill.addr); e.Failures < 5 || !strings.Contains(e.Reason, "resets") {
		t.Errorf("ejected after %d failures: %s", e.Failures, e.Reason)
	}
}

// A connection may last for hours; what it says about its host is known at once.
func TestEjectedHostReturnsWhileItsConnectionsLast(t *testing.T) {
	steady, ill := newHost(t, named("a")), newHost(t, (*peer).reset)
	r := start(t, func(p *parts) {
		p.pool.Ejection = health.Rules{Consecutive: 3, BaseTime: 100 * time.Millisecond, MaxTime: 100 * time.Millisecond}
	}, steady.addr, ill.addr)
	for r.of(ill.addr).Verdict != health.Ejected {
		_, _ = r.ask()
	}
	ill.kill()
	l, err := net.Listen("tcp", ill.addr)
	if err != nil {
		t.Fatal(err)
	}
	well := serveHost(t, l, named("b"))
	testkit.Eventually(t, patience, func() error {
		r.dial().hears("")
		if e := r.of(well.addr); e.Verdict != health.Up || strings.Contains(e.Reason, "trial") {
			return fmt.Errorf("%s: %s", e.Verdict, e.Reason)
		}
		return nil
	})
}

func TestNobodyIsThere(t *testing.T) {
	testkit.Census(t)
	for name, tt := range map[string]struct {
		addrs []string
		code  string
	}{
		"all refuse":   {[]string{nobody(t), nobody(t)}, "502"},
		"none is left": {nil, "503"},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, func(p *parts) {
				if tt.addrs == nil {
					p.pool.MaxPerHost = 1
				}
			}, append(tt.addrs, fullUp(t, tt.addrs)...)...)
			if tt.addrs == nil {
				c := r.dial() // takes the only place
				c.hears("a")
			}
			began := time.Now()
			for range 20 {
				r.turnsAway()
			}
			if took := time.Since(began); took > patience/2 {
				t.Errorf("it took %v to turn 20 clients away", took)
			}
			r.hasMetric(`pingap_requests_total{code="` + tt.code + `",location="",server="s",upstream="u"} 20`)
			if n := r.log.Count("connections are turned away"); n != 1 {
				t.Errorf("%d lines about 20 clients", n)
			}
		})
	}
}

// fullUp is a host where addrs names none.
func fullUp(t *testing.T, addrs []string) []string {
	if addrs != nil {
		return nil
	}
	return []string{newHost(t, named("a")).addr}
}

// Who wants no retry gets none.
func TestOneAttempt(t *testing.T) {
	h := newHost(t, named("a"))
	r := start(t, func(p *parts) { p.pool.Retry = upstream.Retry{Attempts: 1} }, nobody(t), h.addr)
	failed := 0
	for range 10 {
		if _, err := r.ask(); err != nil {
			failed++
		}
	}
	if failed != 5 {
		t.Errorf("%d of 10 clients failed, with every other host dead", failed)
	}
}

// Clients of one address go to one host, and others to others.
func TestClientsKeepTheirHost(t *testing.T) {
	for _, algorithm := range []string{"ip_hash", "hash:ip"} {
		t.Run(algorithm, func(t *testing.T) {
			hosts := []*host{newHost(t, named("a")), newHost(t, named("b")), newHost(t, named("c"))}
			r := start(t, func(p *parts) { p.algorithm = algorithm }, hosts[0].addr, hosts[1].addr, hosts[2].addr)
			all := map[string]bool{}
			for i := range 30 {
				from := netip.AddrFrom4([4]byte{127, 0, 1, byte(i + 1)})
				first := r.from(from)
				all[first] = true
				for range 3 {
					if again := r.from(from); again != first {
						t.Fatalf("%s went to %s and %s", from, first, again)
					}
				}
			}
			if len(all) != 3 {
				t.Errorf("30 clients went to %v", all)
			}
		})
	}
}

// from asks from an address.
func (r *rig) from(ip netip.Addr) string {
	r.t.Helper()
	d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(ip, 0)), Timeout: patience}
	nc, err := d.Dial("tcp", r.addr)
	if err != nil {
		r.t.Fatal(err)
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(patience))
	name := make([]byte, 1)
	if _, err := io.ReadFull(nc, name); err != nil {
		r.t.Fatal(err)
	}
	return string(name)
}
