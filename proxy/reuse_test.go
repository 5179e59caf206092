package proxy_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"pingap-go/upstream"
)

// fickle closes each connection after a random number of answers: at once, or when
// it has read the next request, kindly or by a reset. It counts how often it has
// seen each request.
type fickle struct {
	mu   sync.Mutex
	seen map[string]int
}

func (f *fickle) serve(v *visit) {
	for range rand.IntN(8) + 1 {
		if !f.takes(v) {
			return
		}
		v.say(hello)
	}
	if rand.IntN(8) == 0 {
		f.takes(v)
	}
	if rand.IntN(4) == 0 {
		v.reset()
	}
}

func (f *fickle) takes(v *visit) bool {
	req, _, err := v.request()
	if err != nil {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen[req.URL.Path]++
	return true
}

// Kept connections may die at any moment. What can be sent twice never fails for
// that, and what cannot is never sent twice, though it may fail.
func TestUpstreamThatClosesKeptConnectionsAtAnyMoment(t *testing.T) {
	const clients, total = 16, 100_000
	f := &fickle{seen: map[string]int{}}
	o := newOrigin(t, f.serve)
	r := start(t, func(p *parts) {
		p.pool.Retry = upstream.Retry{Attempts: 1, ReplayBuffer: 64 << 10} // a second host would hide a failure
	}, o)
	var failed atomic.Int64
	var asking sync.WaitGroup
	for n := range clients {
		c := r.dial(t)
		asking.Go(func() { failed.Add(askMany(c, n, total/clients)) })
	}
	asking.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	twice := 0
	for path, n := range f.seen {
		if n > 1 && path[:5] == "/post" {
			t.Errorf("%s came %d times", path, n)
		}
		if n > 1 {
			twice++
		}
	}
	t.Logf("%d connections, %d requests sent again, %d POSTs of %d failed", o.connections(), twice, failed.Load(), total/5)
	if failed.Load() > total/50 {
		t.Errorf("%d POSTs failed: kept connections are not looked at", failed.Load())
	}
}

// askMany sends requests of all kinds one after the other, and counts the POSTs
// that fail.
func askMany(c *client, name, count int) (failed int64) {
	body := string(upload(300))
	for i := range count {
		path := fmt.Sprintf("/get/%d/%d", name, i)
		request, method := get(path), "GET"
		switch i % 5 {
		case 1:
			request = lines("PUT "+path+" HTTP/1.1", "Host: a", "Content-Length: 300") + body
		case 2:
			request = lines("DELETE "+path+" HTTP/1.1", "Host: a")
		case 3:
			request, method = lines(fmt.Sprintf("POST /post/%d/%d HTTP/1.1", name, i), "Host: a", "Content-Length: 300")+body, "POST"
		}
		status, err := c.exchange(request, method)
		switch {
		case err != nil, status != 200 && method != "POST":
			c.t.Errorf("%s: status %d, %v", path, status, err)
			return failed
		case status != 200:
			failed++
		}
	}
	return failed
}

// dying are the ways in which an upstream ends a kept connection: what it does
// with its last answer, and with the request after that.
var dying = map[string]struct {
	last func(*visit)
	next func(*visit) // nil = it does not wait for another request
}{
	"closed with the answer":      {func(v *visit) { v.say(hello); v.Close() }, nil},
	"reset with the answer":       {func(v *visit) { v.say(hello); v.reset() }, nil},
	"half-closed with the answer": {func(v *visit) { v.say(hello); v.halfClose() }, (*visit).ended},
	"closed at the first byte":    {func(v *visit) { v.say(hello) }, func(v *visit) { v.Conn.Read(make([]byte, 1)) }},
	"reset at the first byte":     {func(v *visit) { v.say(hello) }, func(v *visit) { v.Conn.Read(make([]byte, 1)); v.reset() }},
	"closed after the head":       {func(v *visit) { v.say(hello) }, func(v *visit) { v.head() }},
	"closed after the request":    {func(v *visit) { v.say(hello) }, func(v *visit) { v.request() }},
	"reset after the request":     {func(v *visit) { v.say(hello) }, func(v *visit) { v.request(); v.reset() }},
	"half-closed after it":        {func(v *visit) { v.say(hello) }, func(v *visit) { v.request(); v.halfClose(); v.ended() }},
}

// In whatever phase a kept connection dies, a request that may be sent twice is
// sent again, on a new connection, whole, and nobody hears of it.
func TestKeptConnectionThatDiesInAnyPhase(t *testing.T) {
	requests := map[string]string{
		"GET":       get("/"),
		"DELETE":    lines("DELETE / HTTP/1.1", "Host: a"),
		"PUT":       lines("PUT / HTTP/1.1", "Host: a", "Content-Length: 300") + string(upload(300)),
		"large PUT": lines("PUT / HTTP/1.1", "Host: a", "Content-Length: 60000") + string(upload(60_000)),
	}
	for way, die := range dying {
		for name, request := range requests {
			t.Run(way+", "+name, func(t *testing.T) {
				o := newOrigin(t, dies(die.last, die.next))
				r := start(t, once, o)
				for range 10 {
					seen := o.connections()
					c := r.dial(t)
					c.open("/first")
					method, _, _ := strings.Cut(request, " ")
					if status, err := c.exchange(request, method); status != 200 || err != nil {
						t.Fatalf("status %d, %v", status, err)
					}
					if n := o.connections() - seen; n != 2 {
						t.Fatalf("%d connections", n)
					}
					c.Close()
				}
			})
		}
	}
}

// dies answers the path /first by last and ends the connection with next; any other
// request must be whole and is answered as the last of its connection.
func dies(last, next func(*visit)) func(*visit) {
	return func(v *visit) {
		req, err := http.ReadRequest(v.r)
		if err != nil {
			return
		}
		if n, err := io.Copy(io.Discard, req.Body); err != nil || req.ContentLength > 0 && n != req.ContentLength {
			return
		}
		if req.URL.Path != "/first" {
			v.say(ok("Content-Length: 5", "Connection: close") + "hello")
			return
		}
		if last(v); next != nil {
			next(v)
		}
	}
}
