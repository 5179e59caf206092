package nomad

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// load is clients that ask the ingress, each over a kept connection of its own.
// Half of them send POSTs, which no proxy may send twice, and none asks again
// when an answer fails to come, as net/http's client would.
type load struct {
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu       sync.Mutex
	requests int
	failures map[string]int
	answers  map[string]int // by the first two words of the body
}

const (
	clients = 6
	pace    = 10 * time.Millisecond // between two requests of a client
)

func (s *stage) load(path string) *load {
	ctx, cancel := context.WithCancel(context.Background())
	l := &load{cancel: cancel, failures: map[string]int{}, answers: map[string]int{}}
	for n := range clients {
		method := [...]string{"GET", "POST"}[n%2]
		l.running.Go(func() { l.run(ctx, &client{address: s.ingress, method: method, path: path}) })
	}
	s.Cleanup(func() { l.end() })
	return l
}

func (l *load) run(ctx context.Context, c *client) {
	defer c.close()
	ticker := time.NewTicker(pace)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			l.count(c.exchange())
		}
	}
}

func (l *load) count(answer string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests++
	if err != nil {
		l.failures[time.Now().Format("15:04:05 ")+err.Error()]++
		return
	}
	words := strings.Fields(answer)
	l.answers[strings.Join(words[:min(2, len(words))], " ")]++
}

// tally is what became of the requests so far, by answer; it starts anew.
func (l *load) tally() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	answers := l.answers
	l.answers = map[string]int{}
	return answers
}

// end stops the clients.
func (l *load) end() *load {
	l.cancel()
	l.running.Wait()
	return l
}

func (l *load) wantNoFailure(t testing.TB) {
	t.Helper()
	if len(l.failures) > 0 {
		t.Errorf("of %d requests failed: %v", l.requests, l.failures)
	}
	t.Logf("%d requests, none lost: %v", l.requests, len(l.failures) == 0)
}

// client is one connection.
type client struct {
	address, method, path string
	conn                  net.Conn
	r                     *bufio.Reader
}

func (c *client) close() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}

// exchange makes one request and returns the body of its answer, which must be 200.
func (c *client) exchange() (body string, err error) {
	if c.conn == nil {
		if c.conn, err = net.DialTimeout("tcp", c.address, 5*time.Second); err != nil {
			return "", errors.New("connect failed")
		}
		c.r = bufio.NewReader(c.conn)
	}
	body, keep, err := c.roundTrip()
	if err != nil || !keep {
		c.close()
	}
	return body, err
}

func (c *client) roundTrip() (body string, keep bool, err error) {
	_ = c.conn.SetDeadline(time.Now().Add(20 * time.Second))
	content := ""
	if c.method == "POST" {
		content = "Content-Length: 5\r\n\r\nhello"
	} else {
		content = "\r\n"
	}
	if _, err := fmt.Fprintf(c.conn, "%s %s HTTP/1.1\r\nHost: ingress\r\n%s", c.method, c.path, content); err != nil {
		return "", false, errors.New(c.method + ": sending failed")
	}
	res, err := http.ReadResponse(c.r, &http.Request{Method: c.method})
	if err != nil {
		return "", false, fmt.Errorf("%s: no answer: %w", c.method, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return "", false, errors.New(c.method + ": answer broke off")
	}
	if res.StatusCode != http.StatusOK {
		return "", !res.Close, fmt.Errorf("%s: %d %s", c.method, res.StatusCode, text)
	}
	return string(text), !res.Close, nil
}
