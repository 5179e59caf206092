package e2e

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"pingap-go/internal/testkit"
)

// plan says what load to make.
type plan struct {
	addr    string // the stage's proxy when empty
	clients int    // keep-alive connections; 4 when 0
	rate    int    // requests a second of all clients; 0 = as fast as they can
	method  string // GET when empty
	path    string // "/" when empty
	body    string
	// leaves has a client whose connection is refused go without complaint: the
	// program has announced its end.
	leaves bool
}

// load is clients that ask, each over its own connection, and believe nothing:
// unlike net/http's they never ask twice, so a connection that ends without an
// answer is a failure.
type load struct {
	stage   *stage
	plan    plan
	cancel  context.CancelFunc
	running sync.WaitGroup
	done    atomic.Int64
	out     atomic.Int64 // clients that have gone

	mu    sync.Mutex
	tally tally
}

// tally is what became of a load's requests.
type tally struct {
	requests int
	failures map[string]int // by kind
	by       map[string]int // good answers by instance
	slowest  time.Duration
}

// load starts asking. It goes on until end, or the end of the test.
func (s *stage) load(p plan) *load {
	p.addr, p.clients = cmp.Or(p.addr, s.env["PROXY"]), cmp.Or(p.clients, 4)
	p.method, p.path = cmp.Or(p.method, "GET"), cmp.Or(p.path, "/")
	ctx, cancel := context.WithCancel(context.Background())
	l := &load{stage: s, plan: p, cancel: cancel, tally: tally{failures: map[string]int{}, by: map[string]int{}}}
	for range p.clients {
		l.running.Go(func() { l.run(ctx) })
	}
	s.Cleanup(func() { l.end() })
	return l
}

// run is one client.
func (l *load) run(ctx context.Context) {
	defer l.out.Add(1)
	var tick <-chan time.Time
	if l.plan.rate > 0 {
		ticker := time.NewTicker(time.Second * time.Duration(l.plan.clients) / time.Duration(l.plan.rate))
		defer ticker.Stop()
		tick = ticker.C
	}
	c := &client{plan: l.plan}
	defer c.close()
	for ctx.Err() == nil {
		began := time.Now()
		who, err := c.exchange()
		if l.plan.leaves && errors.Is(err, syscall.ECONNREFUSED) {
			return
		}
		l.count(who, err, time.Since(began))
		if tick == nil {
			continue
		}
		select {
		case <-tick:
		case <-ctx.Done():
		}
	}
}

func (l *load) count(who string, err error, took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tally.requests++
	l.tally.slowest = max(l.tally.slowest, took)
	if err != nil {
		l.tally.failures[err.Error()]++
	} else {
		l.tally.by[who]++
	}
	l.done.Add(1)
}

// reach waits until n requests have been made in all.
func (l *load) reach(n int64) {
	l.stage.Helper()
	testkit.Eventually(l.stage, time.Minute, func() error {
		if done := l.done.Load(); done < n {
			return fmt.Errorf("%d of %d requests were made", done, n)
		}
		return nil
	})
}

// more waits for n more requests.
func (l *load) more(n int64) {
	l.stage.Helper()
	l.reach(l.done.Load() + n)
}

// awaitLeft waits until all clients have gone by themselves.
func (l *load) awaitLeft() {
	l.stage.Helper()
	testkit.Eventually(l.stage, patience, func() error {
		if out := l.out.Load(); out < int64(l.plan.clients) {
			return fmt.Errorf("%d of %d clients have gone", out, l.plan.clients)
		}
		return nil
	})
}

// end stops the load and tells what became of it.
func (l *load) end() tally {
	l.cancel()
	l.running.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tally
}

// failed is the number of failures.
func (t tally) failed() (n int) {
	for _, count := range t.failures {
		n += count
	}
	return n
}

// wantNoFailure checks that every request was answered well.
func (t tally) wantNoFailure(tb testing.TB) {
	tb.Helper()
	if t.failed() > 0 {
		tb.Errorf("%d of %d requests failed: %v", t.failed(), t.requests, t.failures)
	}
	tb.Logf("%d requests, %d failed, slowest %s, by instance %v", t.requests, t.failed(), t.slowest.Round(time.Millisecond), t.by)
}

// client is one connection that asks the same thing again and again.
type client struct {
	plan plan
	nc   net.Conn
	r    *bufio.Reader
}

func (c *client) close() {
	if c.nc != nil {
		_ = c.nc.Close()
		c.nc = nil
	}
}

// exchange makes one request and says who has answered it. Every status but 200
// is an error.
func (c *client) exchange() (who string, err error) {
	if c.nc == nil {
		if c.nc, err = net.DialTimeout("tcp", c.plan.addr, patience); err != nil {
			c.nc = nil
			return "", fmt.Errorf("connect: %w", err)
		}
		c.r = bufio.NewReader(c.nc)
	}
	who, closes, err := c.roundTrip()
	if err != nil || closes {
		c.close()
	}
	return who, err
}

func (c *client) roundTrip() (who string, closes bool, err error) {
	p := &c.plan
	_ = c.nc.SetDeadline(time.Now().Add(2 * patience))
	length := ""
	if p.body != "" {
		length = fmt.Sprintf("Content-Length: %d\r\n", len(p.body))
	}
	if _, err := fmt.Fprintf(c.nc, "%s %s HTTP/1.1\r\nHost: test\r\n%s\r\n%s", p.method, p.path, length, p.body); err != nil {
		return "", true, errors.New("send: " + kind(err))
	}
	res, err := http.ReadResponse(c.r, &http.Request{Method: p.method})
	if err != nil {
		return "", true, errors.New("no answer: " + kind(err))
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return "", true, errors.New("answer broke off: " + kind(err))
	}
	if res.StatusCode != http.StatusOK {
		return "", res.Close, fmt.Errorf("%d %s", res.StatusCode, res.Header.Get("X-Pingap-EType"))
	}
	return res.Header.Get("X-Instance"), res.Close, nil
}

// kind is an error without the ports that make every one different.
func kind(err error) string {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err.Error()
	}
	return err.Error()
}
