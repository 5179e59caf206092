//go:build !race

package proxy_test

import (
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"testing"
	"time"
)

// slowCrowd is n clients of which each does something slow, until the end.
func slowCrowd(t *testing.T, r *rig, n int) (leave func()) {
	stop := make(chan struct{})
	var crowd sync.WaitGroup
	for i := range n {
		c := r.dial(t)
		crowd.Go(func() { dawdle(c, i, stop) })
	}
	return func() { close(stop); crowd.Wait() }
}

// dawdle sends a head, a body or chunks piece by piece, or takes its time to read.
func dawdle(c *client, kind int, stop <-chan struct{}) {
	defer c.Close()
	var begin, again string
	switch kind % 4 {
	case 0:
		begin, again = "GET / HTTP/1.1\r\nHost: a\r\n", "X: y\r\n"
	case 1:
		begin, again = post("Content-Length: 1000000"), "x"
	case 2:
		begin, again = post("Transfer-Encoding: chunked"), "1\r\nx\r\n"
	case 3:
		begin = get("/large")
	}
	const period = 200 * time.Millisecond
	select { // a crowd does not move in step
	case <-stop:
		return
	case <-time.After(rand.N(period)):
	}
	c.Conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	io.WriteString(c.Conn, begin)
	tick := time.NewTicker(period)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			io.WriteString(c.Conn, again)
			if again == "" {
				io.CopyN(io.Discard, c.r, 1000)
			}
		}
	}
}

// p99 is what 99 of 100 requests of one client are faster than.
func p99(c *client, requests int) time.Duration {
	took := make([]time.Duration, requests)
	for i := range took {
		began := time.Now()
		if status, err := c.exchange(get("/"), "GET"); status != 200 || err != nil {
			c.t.Fatalf("status %d, %v", status, err)
		}
		took[i] = time.Since(began)
	}
	slices.Sort(took)
	return took[requests*99/100]
}

// 200 slow clients hold connections, goroutines and buffers, but no lock and no
// turn: a fast one hardly notices. Their own 1,000 writes a second are work for the
// same processors, for which there is a millisecond. A busy machine disturbs one
// round or another; a proxy that lets clients wait for each other fails all.
func TestSlowClientsDoNotSlowAFastOne(t *testing.T) {
	o := newOrigin(t, func(v *visit) {
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
	})
	r := start(t, nil, o)
	fast := r.dial(t)
	p99(fast, 200)
	alone := p99(fast, 500)
	defer slowCrowd(t, r, 200)()
	<-time.After(2 * time.Second) // until all buffers are full
	var among time.Duration
	for range 20 {
		among = p99(fast, 500)
		t.Logf("p99 alone %v, among 200 slow clients %v", alone, among)
		if among <= 2*alone+time.Millisecond {
			return
		}
	}
	t.Errorf("p99 is %v among slow clients, %v without", among, alone)
}
