package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestCPUIsReadBehindAnyName(t *testing.T) {
	const stat = "42 (a) b) S 1 42 42 0 -1 4194560 1 0 0 0 150 50 0 0 20 0 9 0 1 1 1"
	if got, err := cpuOf(stat); err != nil || got != 2*time.Second {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := cpuOf("42 (a) S 1"); err == nil {
		t.Error("half a line is no error")
	}
}

func TestSpreadNamesRanks(t *testing.T) {
	var times []time.Duration
	for n := range 100 {
		times = append(times, time.Duration(100-n)*time.Millisecond)
	}
	if got := newSpread(times).percentiles(); got != "p50 51ms, p99 100ms, longest 100ms" {
		t.Error(got)
	}
	if got := newSpread(nil).at(0.5); got != 0 {
		t.Errorf("of none: %s", got)
	}
}

func TestLoadCountsWhatFails(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/good" {
			w.WriteHeader(http.StatusBadGateway)
		}
		w.Header().Set("X-Instance", "a")
	}))
	defer server.Close()
	address := strings.TrimPrefix(server.URL, "http://")
	for path, fails := range map[string]bool{"/good": false, "/bad": true} {
		l := startLoad(context.Background(), address, path, 500)
		l.expect("a")
		if !fails {
			<-l.seen
		}
		<-time.After(100 * time.Millisecond)
		l.end()
		if f := l.failed(); f.met == fails || l.good > 0 == fails {
			t.Errorf("%s: %+v", path, f)
		}
	}
}

func TestRelaySwallowsAndGivesBack(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	r, err := startRelay(strings.TrimPrefix(server.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	r.swallow()
	answered := make(chan error, 1)
	go func() {
		res, err := http.Get("http://" + r.addr)
		if err == nil {
			err = res.Body.Close()
		}
		answered <- err
	}()
	select {
	case <-answered:
		t.Error("an answer came through")
	case <-time.After(100 * time.Millisecond):
	}
	r.restore()
	if err := <-answered; err != nil {
		t.Error(err)
	}
	http.DefaultClient.CloseIdleConnections()
}
