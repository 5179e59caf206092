package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestBaselineSetsTheForwardedHeaders(t *testing.T) {
	seen := make(chan http.Header, 1)
	upstream := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen <- r.Header }))
	defer upstream.Close()
	proxy := httptest.NewServer(forwardTo(upstream.Listener.Addr().String(), "8080"))
	defer proxy.Close()

	answer, err := http.Get(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	got := <-seen
	for name, want := range map[string]string{
		"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "http", "X-Forwarded-Port": "8080",
		"X-Forwarded-Host": proxy.Listener.Addr().String(), "X-Real-Ip": "127.0.0.1",
	} {
		if got.Get(name) != want {
			t.Errorf("%s is %q, not %q", name, got.Get(name), want)
		}
	}
}
