package proxy_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"pingap-go/plugin"
)

// alone has all connections of a rig share one loop, and some requests answered
// without an upstream.
func alone(change func(*parts)) func(*parts) {
	return func(p *parts) {
		once(p)
		p.loops = 1
		p.chain = []plugin.Plugin{answersSome}
		if change != nil {
			change(p)
		}
	}
}

// answersSome is a plugin that answers requests for /others itself.
func answersSome(next plugin.Handler) plugin.Handler {
	return plugin.HandlerFunc(func(ex *plugin.Exchange) error {
		if ex.Request.Path != "/others" {
			return next.Serve(ex)
		}
		ex.Reply(200, "text/plain", []byte("hello"))
		return nil
	})
}

// hold is where something stands still until the test lets it go.
type hold struct {
	reached chan struct{} // closed when somebody has
	since   time.Time     // when
	gate    chan struct{}
	first   sync.Once
	open    func()
}

func newHold() *hold {
	h := &hold{reached: make(chan struct{}), gate: make(chan struct{})}
	h.open = sync.OnceFunc(func() { close(h.gate) })
	return h
}

// arrived says that somebody stands here, or is about to.
func (h *hold) arrived() { h.first.Do(func() { h.since = time.Now(); close(h.reached) }) }

// stand waits here.
func (h *hold) stand() {
	h.arrived()
	<-h.gate
}

// origin starts one whose script may stand here, until the end of the test at the
// latest.
func (h *hold) origin(t testing.TB, script func(*visit)) *origin {
	o := newOrigin(t, script)
	t.Cleanup(h.open)
	return o
}

// answers stands here before each answer.
func (h *hold) answers(response string) func(*visit) {
	return func(v *visit) {
		for {
			if _, _, err := v.request(); err != nil {
				return
			}
			h.stand()
			v.say(response)
		}
	}
}

// stuckLog is a log that takes a line only when it is let go. Lines of lesser levels
// and other lines go by.
type stuckLog struct {
	slog.Handler
	hold *hold
	line string
}

func (s *stuckLog) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }
func (s *stuckLog) WithAttrs([]slog.Attr) slog.Handler               { return s }
func (s *stuckLog) WithGroup(string) slog.Handler                    { return s }

func (s *stuckLog) Handle(_ context.Context, r slog.Record) error {
	if r.Message == s.line {
		s.hold.stand()
	}
	return nil
}

// asks sends a request, or the rest of one, and wants the status 200. It is for
// goroutines that must not end the test.
func asks(c *client, request string) error {
	status, err := c.exchange(request, "GET")
	if err == nil && status != 200 {
		err = fmt.Errorf("status %d", status)
	}
	return err
}

// aWhile is how long something waits, at the least, that nobody can let go.
const aWhile = 2 * time.Second

// meanwhile says that others are served by the only loop while ask stands at h.
func (r *rig) meanwhile(t *testing.T, h *hold, ask func() error) {
	t.Helper()
	over := make(chan error, 1)
	go func() { over <- ask() }()
	select {
	case <-h.reached:
	case err := <-over:
		t.Fatalf("it was over before it stood still: %v", err)
	}
	served := 0
	for range 10 {
		c := r.dial(t)
		for range 5 {
			c.open("/others")
			if time.Since(h.since) < aWhile {
				served++
			}
		}
		c.Close()
	}
	if served == 0 {
		t.Error("nobody was served meanwhile")
	}
	h.open()
	if err := <-over; err != nil {
		t.Errorf("what stood still: %v", err)
	}
}
