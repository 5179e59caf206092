package main

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestCompleteKnowsTheEndOfAnAnswer(t *testing.T) {
	for _, c := range []struct {
		name, answer string
		whole, fails bool
	}{
		{"half a head", "HTTP/1.1 200 OK\r\nContent-Le", false, false},
		{"head without body", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", false, false},
		{"all of it", "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok\n", true, false},
		{"an error", "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", false, true},
		{"no length", "HTTP/1.1 200 OK\r\n\r\n", false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			whole, err := complete([]byte(c.answer))
			if whole != c.whole || (err != nil) != c.fails {
				t.Errorf("got %v, %v", whole, err)
			}
		})
	}
}

func TestResultTakesNearestRanks(t *testing.T) {
	samples := make([]time.Duration, 1000)
	for i := range samples {
		samples[len(samples)-1-i] = time.Duration(i+1) * time.Microsecond
	}
	seen := outcome{samples: samples, behind: 200, late: 8}
	got := seen.result()
	if got.P50 != 501 || got.P99 != 991 || got.P999 != 1000 || got.Behind != 0.2 || got.Late != 0.01 {
		t.Errorf("got %+v", got)
	}
}

func TestAStallIsMeasuredByEveryoneWhoWouldHaveWaited(t *testing.T) {
	first := make(chan struct{}, 1)
	first <- struct{}{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-first:
			<-time.After(100 * time.Millisecond)
		default:
		}
	}))
	defer server.Close()
	stalled := load{addr: strings.TrimPrefix(server.URL, "http://"), path: "/", rate: 200, connections: 1, duration: 300 * time.Millisecond}
	seen := stalled.run()
	if seen.err != nil {
		t.Fatal(seen.err)
	}
	waited := 0
	for _, s := range seen.samples {
		if s > 20*time.Millisecond {
			waited++
		}
	}
	if waited < 10 || seen.behind < 10 {
		t.Errorf("of %d requests %d waited and %d were behind; a stall of 100 ms at 200 a second concerns about 16", len(seen.samples), waited, seen.behind)
	}
}

func TestTheWarmUpIsSentAndNotCounted(t *testing.T) {
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked.Add(1) }))
	defer server.Close()

	warm := load{
		addr: strings.TrimPrefix(server.URL, "http://"), path: "/", rate: 400, connections: 4,
		warmup: 100 * time.Millisecond, duration: 200 * time.Millisecond,
	}
	seen := warm.run()
	if seen.err != nil {
		t.Fatal(seen.err)
	}
	if len(seen.samples) != 80 || asked.Load() != 120 {
		t.Errorf("%d of %d requests count, and should 80 of 120", len(seen.samples), asked.Load())
	}
}

func TestARequestCountsFromWhenItWasDueOnlyBehindAnother(t *testing.T) {
	due := time.Now()
	at := func(ms int) time.Time { return due.Add(time.Duration(ms) * time.Millisecond) }
	var seen outcome
	seen.take(due, at(1), at(4), false) // woke a little late
	seen.take(due, at(3), at(4), false) // woke late
	seen.take(due, at(3), at(4), true)  // waited for the answer before it
	want := []time.Duration{3 * time.Millisecond, time.Millisecond, 4 * time.Millisecond}
	if !slices.Equal(seen.samples, want) || seen.late != 1 || seen.behind != 1 {
		t.Errorf("got %+v, want samples of %v, one late and one behind", seen, want)
	}
}
