package proxy_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
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

// howMany is the number of requests: 20,000, or what PINGAP_TEST_REUSE says.
func howMany(t *testing.T) int {
	text := os.Getenv("PINGAP_TEST_REUSE")
	if text == "" {
		return 20_000
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("PINGAP_TEST_REUSE: %v", err)
	}
	return n
}

// Kept connections may die at any moment. What can be sent twice never fails for
// that, and what cannot is never sent twice, though it may fail.
func TestUpstreamThatClosesKeptConnectionsAtAnyMoment(t *testing.T) {
	const clients = 16
	f := &fickle{seen: map[string]int{}}
	o := newOrigin(t, f.serve)
	r := start(t, func(p *parts) {
		p.pool.Retry = upstream.Retry{Attempts: 1, ReplayBuffer: 64 << 10} // a second host would hide a failure
	}, o)
	total := howMany(t)
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
	if failed.Load() > int64(total)/50 {
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
