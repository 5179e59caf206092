package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
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

func TestSummariseTakesNearestRanks(t *testing.T) {
	samples := make([]time.Duration, 1000)
	for i := range samples {
		samples[len(samples)-1-i] = time.Duration(i+1) * time.Microsecond
	}
	got := summarise(samples, 10)
	if got.P50 != 501 || got.P99 != 991 || got.P999 != 1000 || got.Late != 0.01 {
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
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()

	stalled := load{addr: strings.TrimPrefix(server.URL, "http://"), path: "/", rate: 200, connections: 1}
	samples, late, err := stalled.run(ctx)
	if err != nil {
		t.Fatal(err)
	}
	waited := 0
	for _, s := range samples {
		if s > 20*time.Millisecond {
			waited++
		}
	}
	if waited < 10 || late < 10 {
		t.Errorf("of %d requests %d waited and %d were late; a stall of 100 ms at 200 a second concerns about 16", len(samples), waited, late)
	}
}
