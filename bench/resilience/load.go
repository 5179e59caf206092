package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// clients is how many connections send requests, each waiting for its answer.
const clients = 24

// patience is how long a client waits for an answer.
const patience = 10 * time.Second

// load sends GETs through a proxy at a rate, and counts those begun since mark.
type load struct {
	url  string
	rate float64

	mu     sync.Mutex
	counts bool
	figures
}

// mark begins to count.
func (l *load) mark() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts = true
}

// run sends until ctx ends. Requests under way get their answers, for the instances
// have counted them.
func (l *load) run(ctx context.Context) {
	transport := &http.Transport{MaxIdleConnsPerHost: clients}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: patience}
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() { l.send(ctx, client) })
	}
	wg.Wait()
}

// send is one client: a request each turn, the next at once when it is late.
func (l *load) send(ctx context.Context, client *http.Client) {
	turn := time.NewTicker(time.Duration(clients / l.rate * float64(time.Second)))
	defer turn.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-turn.C:
		}
		l.one(ctx, client)
	}
}

func (l *load) one(ctx context.Context, client *http.Client) {
	l.mu.Lock()
	counts := l.counts
	l.mu.Unlock()
	began := time.Now()
	err := ask(context.WithoutCancel(ctx), client, l.url)
	if !counts {
		return
	}
	took := time.Since(began)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests++
	l.slowest = max(l.slowest, took)
	if err != nil {
		l.failed++
	}
}

// ask is one request; anything but a whole 200 is an error.
func ask(ctx context.Context, client *http.Client, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("answered %d", response.StatusCode)
	}
	return nil
}
