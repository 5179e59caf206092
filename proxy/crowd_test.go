package proxy_test

import (
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// crowd is many clients of which each does something slow, until the end.
type crowd struct {
	stop   chan struct{}
	there  sync.WaitGroup
	cutOff atomic.Int64 // clients that were sent away
}

func gather(t *testing.T, r *rig, n int) *crowd {
	w := &crowd{stop: make(chan struct{})}
	for i := range n {
		c := r.dial(t)
		c.SetDeadline(time.Time{})
		w.there.Go(func() { w.dawdle(c, i) })
	}
	return w
}

// leave ends the crowd.
func (w *crowd) leave() { close(w.stop); w.there.Wait() }

// dawdle sends a head, a body or chunks piece by piece, or takes its time to read.
func (w *crowd) dawdle(c *client, kind int) {
	defer c.Close()
	var begin, again string
	switch kind % 4 {
	case 0:
		begin, again = "GET / HTTP/1.1\r\nHost: a\r\nX: ", "y"
	case 1:
		begin, again = post("Content-Length: 1000000"), "x"
	case 2:
		begin, again = post("Transfer-Encoding: chunked"), "1\r\nx\r\n"
	case 3:
		begin = get("/large")
	}
	const period = time.Second
	select { // a crowd does not move in step
	case <-w.stop:
		return
	case <-time.After(rand.N(period)):
	}
	c.socket().SetReadBuffer(4 << 10)
	io.WriteString(c.Conn, begin)
	tick := time.NewTicker(period)
	defer tick.Stop()
	for {
		select {
		case <-w.stop:
			return
		case <-tick.C:
		}
		_, err := io.WriteString(c.Conn, again)
		if again == "" {
			_, err = io.CopyN(io.Discard, c.r, 1000)
		}
		if err != nil {
			w.cutOff.Add(1)
			return
		}
	}
}

// p99 is what 99 of 100 requests of each client are faster than. The clients take
// turns, so that whatever else the machine does befalls them alike.
func p99(clients []*client, requests int) []time.Duration {
	took := make([][]time.Duration, len(clients))
	for range requests {
		for i, c := range clients {
			began := time.Now()
			if status, err := c.exchange(get("/"), "GET"); status != 200 || err != nil {
				c.t.Fatalf("status %d, %v", status, err)
			}
			took[i] = append(took[i], time.Since(began))
		}
	}
	tails := make([]time.Duration, len(clients))
	for i := range took {
		slices.Sort(took[i])
		tails[i] = took[i][requests*99/100]
	}
	return tails
}

// patientOrigin answers when it has all of a request, and has much to say of
// /large.
func patientOrigin(v *visit) {
	v.SetDeadline(time.Time{})
	for {
		req, err := v.head()
		if err != nil {
			return
		}
		if req.URL.Path != "/large" {
			io.Copy(io.Discard, req.Body)
			v.say(hello)
			continue
		}
		v.Conn.(*net.TCPConn).SetWriteBuffer(4 << 10)
		v.say(ok("Content-Length: 100000000"))
		for err == nil {
			_, err = v.Conn.Write(make([]byte, 64<<10))
		}
	}
}

// A thousand slow clients hold connections, goroutines and buffers, but no lock
// and no turn: a fast one hardly notices. What it takes is compared with another
// fast client, of a proxy that has nobody else, at the same time on the same
// machine: so neither the work of the crowd itself nor that of other tests
// counts. A busy machine disturbs one round or another; a proxy that lets clients
// wait for each other fails all.
func TestAThousandSlowClientsDoNotSlowAFastOne(t *testing.T) {
	const slow, rounds, requests = 1000, 10, 300
	o := newOrigin(t, patientOrigin)
	patient := func(p *parts) { p.limits.ReadHeaderTimeout, p.limits.Stall = time.Hour, time.Hour }
	crowded, empty := start(t, patient, o), start(t, patient, o)
	fast := []*client{crowded.dial(t), empty.dial(t)}
	p99(fast, 200)
	before := p99(fast, requests)[0]
	w := gather(t, crowded, slow)
	defer w.leave()
	<-time.After(3 * time.Second) // until all are at it and buffers are full
	for range rounds {
		tails := p99(fast, requests)
		t.Logf("p99 %v among %d slow clients, %v without; %v before they came", tails[0], slow, tails[1], before)
		if n := w.cutOff.Load(); n > 0 {
			t.Fatalf("%d slow clients were sent away", n)
		}
		if tails[0] <= 2*tails[1] {
			return
		}
	}
	t.Error("the fast client is slowed by the slow ones")
}
