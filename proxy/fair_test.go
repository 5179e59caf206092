package proxy_test

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"pingap-go/plugin"
)

const endless = 1 << 50

// floods answers with content that never ends and is always there.
func floods(head, again string) func(*visit) {
	return func(v *visit) {
		v.SetDeadline(time.Time{})
		if _, _, err := v.request(); err != nil {
			return
		}
		v.say(head)
		for err := error(nil); err == nil; {
			_, err = io.WriteString(v.Conn, again)
		}
	}
}

// block is much of a body, and chunk as a chunk.
var (
	block = strings.Repeat("x", 256<<10)
	chunk = fmt.Sprintf("%x\r\n%s\r\n", len(block), block)
)

// Who never has to wait, because both ends are always ready, takes turns with the
// others of the loop all the same.
func TestNobodyHasALoopForItself(t *testing.T) {
	swallows := func(v *visit) {
		v.SetDeadline(time.Time{})
		_, _ = io.Copy(io.Discard, v.r)
	}
	for name, tt := range map[string]struct {
		script       func(*visit)
		begin, again string // what the client sends
	}{
		"a download":           {floods(ok(fmt.Sprint("Content-Length: ", endless)), block), get("/"), ""},
		"a download in chunks": {floods(ok("Transfer-Encoding: chunked"), chunk), get("/"), ""},
		"an upload":            {swallows, post(fmt.Sprint("Content-Length: ", endless)), block},
		"an upload in chunks":  {swallows, post("Transfer-Encoding: chunked"), chunk},
		"a pipeline":           {always(hello), "", strings.Repeat(get("/others"), 1000)},
		"a pipeline upstream":  {always(hello), "", strings.Repeat(get("/"), 1000)},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, alone(nil), newOrigin(t, tt.script))
			greedy := r.dial(t)
			greedy.SetDeadline(time.Time{})
			var running sync.WaitGroup
			running.Go(func() {
				_, err := io.WriteString(greedy.Conn, tt.begin)
				for err == nil && tt.again != "" {
					_, err = io.WriteString(greedy.Conn, tt.again)
				}
			})
			began := newHold()
			running.Go(func() {
				if !strings.HasPrefix(tt.begin, "POST") { // which is not answered
					_, _ = io.CopyN(io.Discard, greedy.r, 1<<20)
				}
				began.arrived()
				_, _ = io.Copy(io.Discard, greedy.r)
			})
			<-began.reached
			r.othersAreServed(t)
			greedy.Close()
			running.Wait()
		})
	}
}

// othersAreServed says so, and how long the slowest of them took.
func (r *rig) othersAreServed(t *testing.T) {
	t.Helper()
	var slowest time.Duration
	for range 10 {
		c := r.dial(t)
		for range 10 {
			began := time.Now()
			c.open("/others")
			slowest = max(slowest, time.Since(began))
		}
		c.Close()
	}
	t.Logf("the slowest of 100 took %v", slowest)
}

// Nor does the time for an exchange stand still for who never waits.
func TestAnEndlessAnswerIsBrokenOffInTime(t *testing.T) {
	for name, script := range map[string]func(*visit){
		"length":      floods(ok(fmt.Sprint("Content-Length: ", endless)), block),
		"chunks":      floods(ok("Transfer-Encoding: chunked"), chunk),
		"until close": floods(ok(), block),
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, alone(func(p *parts) { p.location.Timeout = shortly }), newOrigin(t, script))
			c := r.dial(t)
			began := time.Now()
			c.send(get("/"))
			_, _ = io.Copy(io.Discard, c.r)
			inTime(t, began, shortly)
		})
	}
}

// A task that has left its loop ends with its connection; none is kept for it.
func TestLoopsTakeNobodyDown(t *testing.T) {
	leaves := func(plugin.Handler) plugin.Handler {
		return plugin.HandlerFunc(func(ex *plugin.Exchange) error {
			_ = ex.Wait(20 * time.Millisecond)
			ex.Reply(200, "text/plain", []byte("hello"))
			return nil
		})
	}
	r := start(t, func(p *parts) { once(p); p.chain = []plugin.Plugin{leaves} }, newOrigin(t, always(hello)))
	for name, leave := range leaving {
		t.Run(name, func(t *testing.T) {
			for range 50 {
				c := r.dial(t)
				c.send(get("/"))
				leave(c)
				c.Close()
			}
		})
	}
	r.dial(t).open("/")
}
