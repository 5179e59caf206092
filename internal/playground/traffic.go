package playground

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// clients is how many send the page's traffic, each with a connection of its own.
	clients = 4
	// fastest is the most requests a second.
	fastest = 500
)

// traffic sends requests to the proxy for as long as somebody wants to watch, and
// counts those that fail: what else than 200 came, or nothing.
type traffic struct {
	proxy  string
	client *http.Client

	mu      sync.Mutex
	rate    int
	stop    context.CancelFunc
	running sync.WaitGroup

	sent, failed atomic.Int64
	failure      atomic.Pointer[string]
}

// Traffic is the traffic at one moment.
type Traffic struct {
	Rate   int   `json:"rate"` // requests a second, 0 = none
	Sent   int64 `json:"sent"`
	Failed int64 `json:"failed"`
	// Failure is the last one; empty = none.
	Failure string `json:"failure"`
}

func newTraffic(proxy string) *traffic {
	transport := &http.Transport{MaxIdleConnsPerHost: clients}
	return &traffic{proxy: proxy, client: &http.Client{Transport: transport, Timeout: patience}, stop: func() {}}
}

// set makes the rate be so many requests a second; 0 ends the traffic, and waits
// for its end.
func (t *traffic) set(rate int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stop()
	t.running.Wait()
	t.rate, t.stop = rate, func() {}
	if rate == 0 || t.proxy == "" {
		t.client.CloseIdleConnections()
		return
	}
	var ctx context.Context
	ctx, t.stop = context.WithCancel(context.Background())
	for range clients {
		t.running.Go(func() { t.send(ctx, clients*time.Second/time.Duration(rate)) })
	}
}

// send sends a request every so often until ctx ends.
func (t *traffic) send(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := t.ask(ctx)
		if ctx.Err() != nil {
			return
		}
		t.sent.Add(1)
		if err != nil {
			t.failed.Add(1)
			text := err.Error()
			t.failure.Store(&text)
		}
	}
}

func (t *traffic) ask(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+t.proxy+"/", nil)
	if err != nil {
		return err
	}
	res, err := t.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the proxy answered %s", res.Status)
	}
	return nil
}

func (t *traffic) report() Traffic {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := Traffic{Rate: t.rate, Sent: t.sent.Load(), Failed: t.failed.Load()}
	if text := t.failure.Load(); text != nil {
		r.Failure = *text
	}
	return r
}
