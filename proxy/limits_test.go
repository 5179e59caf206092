package proxy_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"pingap-go/internal/testkit"
	"pingap-go/plugin"
)

// holding answers when it is told to.
func holding(release <-chan struct{}) func(*visit) {
	return func(v *visit) {
		for {
			if _, _, err := v.request(); err != nil {
				return
			}
			select {
			case <-release:
			case <-v.origin.ending:
			}
			v.say(hello)
		}
	}
}

func TestLocationTakesNoMoreThanItMay(t *testing.T) {
	release := make(chan struct{})
	o := newOrigin(t, holding(release))
	r := start(t, func(p *parts) { p.location.MaxProcessing = 2 }, o)
	a, b := r.dial(t), r.dial(t)
	a.send(get("/"))
	b.send(get("/"))
	o.visit(t, 1)
	c := r.dial(t)
	if refusal := c.ask(get("/"), 429); refusal.Header.Get("X-Pingap-EType") != "too_many_requests" || refusal.Close {
		t.Errorf("header %v, close %v", refusal.Header, refusal.Close)
	}
	testkit.Eventually(t, patience, func() error { // a refusal is one of the location's answers
		return r.hasMetric(`pingap_requests_total{code="429",location="l",server="s",upstream="u"} 1`)
	})
	close(release)
	a.answer("GET")
	b.answer("GET")
	c.open("/") // the two have been counted out again
}

func TestServerTakesNoMoreConnectionsThanItMay(t *testing.T) {
	r := start(t, func(p *parts) { p.limits.MaxConnections = 2 }, newOrigin(t, always(hello)))
	a, b := r.dial(t), r.dial(t)
	a.open("/")
	b.open("/")
	r.dial(t).over()
	a.Close()
	testkit.Eventually(t, patience, func() error { // its place is free once the proxy has seen that
		c := r.dial(t)
		defer c.Close()
		_, err := c.exchange(get("/"), "GET")
		return err
	})
}

func TestHeadsOfTheLimitPassAndLargerOnesDoNot(t *testing.T) {
	r := start(t, func(p *parts) { p.limits.MaxHeaderBytes = 4 << 10 }, newOrigin(t, always(hello)))
	fill := lines("GET / HTTP/1.1", "Host: a", "X: ")
	c := r.dial(t)
	c.ask(strings.Replace(fill, "X: ", "X: "+strings.Repeat("x", 4<<10-len(fill)), 1), 200)
	c.send(strings.Replace(fill, "X: ", "X: "+strings.Repeat("x", 4<<10-len(fill)+1), 1))
	c.refused("GET", 431, "header_too_large")
}

// liar is a plugin whose body is not as long as it says.
type liar struct{ says, has int64 }

func (l liar) wrap(plugin.Handler) plugin.Handler {
	return plugin.HandlerFunc(func(ex *plugin.Exchange) error {
		ex.Response.Status, ex.Response.ContentLength = 200, l.says
		ex.Response.Body = io.NopCloser(strings.NewReader(strings.Repeat("x", int(l.has))))
		return nil
	})
}

func TestPluginThatLiesAboutItsLengthCannotBreakTheFraming(t *testing.T) {
	for name, l := range map[string]liar{"too long": {5, 10}, "too short": {10, 5}, "not empty": {0, 5}} {
		t.Run(name, func(t *testing.T) {
			c := start(t, func(p *parts) { p.chain = []plugin.Plugin{l.wrap} }, newOrigin(t, always(hello))).dial(t)
			c.send(get("/") + get("/"))
			a := c.answer("GET")
			if a.err == nil && int64(len(a.body)) != l.says {
				t.Errorf("%d bytes, %d were announced", len(a.body), l.says)
			}
			if res, err := http.ReadResponse(c.r, nil); err == nil {
				t.Errorf("the connection serves on: %d", res.StatusCode)
			}
		})
	}
	t.Run("to HEAD", func(t *testing.T) {
		l := liar{5, 10}
		c := start(t, func(p *parts) { p.chain = []plugin.Plugin{l.wrap} }, newOrigin(t, always(hello))).dial(t)
		for range 2 {
			c.send(lines("HEAD / HTTP/1.1", "Host: a"))
			if a := c.answer("HEAD"); a.Header.Get("Content-Length") != "5" || a.Close {
				t.Errorf("length %q, close %v", a.Header.Get("Content-Length"), a.Close)
			}
		}
	})
}

func TestBytesInMemoryAreAsLongAsTheyAre(t *testing.T) {
	shorten := func(plugin.Handler) plugin.Handler {
		return plugin.HandlerFunc(func(ex *plugin.Exchange) error {
			ex.Reply(200, "text/plain", []byte("hello"))
			ex.Response.ContentLength = 99
			return nil
		})
	}
	c := start(t, func(p *parts) { p.chain = []plugin.Plugin{shorten} }, newOrigin(t, always(hello))).dial(t)
	for range 2 {
		if a := c.ask(get("/"), 200); a.body != "hello" {
			t.Errorf("body %q", a.body)
		}
	}
}

func TestDrainFinishesWhatIsUnderWay(t *testing.T) {
	release := make(chan struct{})
	o := newOrigin(t, holding(release))
	r := start(t, nil, o)
	busy, idle := r.dial(t), r.dial(t)
	busy.send(get("/"))
	o.visit(t, 0)
	done := make(chan error, 1)
	var stopping sync.WaitGroup
	stopping.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		done <- r.server.Shutdown(ctx)
	})
	idle.over() // which nobody was using
	if nc, err := net.DialTimeout("tcp", r.addr, time.Second); err == nil {
		nc.Close()
		t.Error("a draining server takes new connections")
	}
	close(release)
	if a := busy.answer("GET"); a.StatusCode != 200 || !a.Close || a.body != "hello" {
		t.Errorf("status %d, close %v, body %q", a.StatusCode, a.Close, a.body)
	}
	busy.over()
	if err := <-done; err != nil {
		t.Errorf("nothing was cut off: %v", err)
	}
	stopping.Wait()
}

// Whatever became of the requests, none is counted as still under way.
func TestNothingIsInFlightAfterwards(t *testing.T) {
	r := start(t, hasty, newOrigin(t, always(hello)))
	r.dial(t).open("/")
	for _, request := range []string{lines("GET / HTTP/1.1"), lines("TRACE / HTTP/1.1", "Host: a"), "GE", post("Content-Length: 5") + "hel"} {
		c := r.dial(t)
		c.send(request)
		c.answer("GET")
		c.over()
	}
	r.tunnelRefused(t)
	testkit.Eventually(t, patience, func() error { return r.hasMetric(`pingap_requests_in_flight{server="s"} 0`) })
}

func (r *rig) tunnelRefused(t *testing.T) {
	c := r.dial(t)
	c.ask(upgrade(), 200)
	c.Close()
}

// hasMetric is nil when the exposition has that line.
func (r *rig) hasMetric(line string) error {
	w := httptest.NewRecorder()
	r.metrics.Handler(slog.New(slog.DiscardHandler)).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if strings.Contains(w.Body.String(), line+"\n") {
		return nil
	}
	for _, l := range strings.Split(w.Body.String(), "\n") {
		if name, _, _ := strings.Cut(line, "{"); strings.HasPrefix(l, name) {
			return &net.AddrError{Err: "want " + line, Addr: l}
		}
	}
	return io.ErrUnexpectedEOF
}
