package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// load is clients that each ask once in an interval, over connections of their
// own. They never ask twice: whatever is not a 200 is a failure.
type load struct {
	addr, path string
	cancel     context.CancelFunc
	running    sync.WaitGroup

	mu       sync.Mutex
	failures map[string]int
	good     int
	took     []time.Duration // of good answers since the last lap
	expected string
	seen     chan time.Time // when the expected instance first answered
}

// clients share the rate; their turns are spread evenly over the interval.
const clients = 10

// startLoad asks for path rate times a second until end.
func startLoad(ctx context.Context, addr, path string, rate int) *load {
	ctx, cancel := context.WithCancel(ctx)
	l := &load{addr: addr, path: path, cancel: cancel, failures: map[string]int{}, seen: make(chan time.Time, 1)}
	interval := time.Second * clients / time.Duration(rate)
	for i := range clients {
		l.running.Go(func() { l.run(ctx, interval, interval*time.Duration(i)/clients) })
	}
	return l
}

// run is one client. Its turns keep their place in the interval, also when it
// misses some: after a stall, clients that all went on from there would leave gaps.
func (l *load) run(ctx context.Context, interval, first time.Duration) {
	c := &client{load: l}
	defer c.close()
	next := time.Now().Add(first)
	due := time.NewTimer(first)
	defer due.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-due.C:
		}
		began := time.Now()
		who, err := c.exchange()
		l.count(who, err, time.Since(began))
		next = next.Add(interval * (1 + time.Since(next)/interval))
		due.Reset(time.Until(next))
	}
}

func (l *load) count(who string, err error, took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.failures[err.Error()]++
		return
	}
	l.good++
	l.took = append(l.took, took)
	if who == l.expected && who != "" {
		l.expected = ""
		l.seen <- time.Now()
	}
}

// expect has the next answer of an instance told on seen.
func (l *load) expect(who string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.expected = who
}

// lap returns how long the answers since the last lap took, sorted.
func (l *load) lap() []time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	took := l.took
	l.took = nil
	slices.Sort(took)
	return took
}

// end stops the clients.
func (l *load) end() {
	l.cancel()
	l.running.Wait()
}

// failed is the figure of what the load met, after end.
func (l *load) failed() figure {
	n, kinds := 0, ""
	for kind, count := range l.failures {
		n += count
		kinds += fmt.Sprintf(" (%d: %s)", count, kind)
	}
	return figure{"requests that failed", fmt.Sprintf("%d of %d%s", n, n+l.good, kinds), "0", n == 0}
}

// client is one keep-alive connection.
type client struct {
	load *load
	conn net.Conn
	in   *bufio.Reader
}

func (c *client) close() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}

// exchange makes one request and says who has answered it.
func (c *client) exchange() (who string, err error) {
	if c.conn == nil {
		if c.conn, err = net.DialTimeout("tcp", c.load.addr, 5*time.Second); err != nil {
			c.conn = nil
			return "", fmt.Errorf("connect: %w", err)
		}
		c.in = bufio.NewReader(c.conn)
	}
	res, err := c.roundTrip()
	if err != nil {
		c.close()
		return "", err
	}
	if res.Close {
		c.close()
	}
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%d %s", res.StatusCode, res.Header.Get("X-Pingap-EType"))
	}
	return res.Header.Get("X-Instance"), nil
}

func (c *client) roundTrip() (*http.Response, error) {
	_ = c.conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := fmt.Fprintf(c.conn, "GET %s HTTP/1.1\r\nHost: bench.test\r\n\r\n", c.load.path); err != nil {
		return nil, err
	}
	res, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	_, err = io.Copy(io.Discard, res.Body)
	return res, err
}
