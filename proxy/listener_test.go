package proxy

import (
	"log/slog"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"pingap-go/internal/wire"
	"pingap-go/telemetry/metrics"
)

// exhausted is a listener of a process that has no descriptors left.
type exhausted struct {
	net.Listener
	tried int
}

func (e *exhausted) Accept() (net.Conn, error) {
	e.tried++
	return nil, &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
}

func (e *exhausted) SetDeadline(time.Time) error { return nil }
func (e *exhausted) Close() error                { return nil }

// Who cannot accept rests between two tries, also while the server drains: then
// listeners stay open for drain_delay. It complains once, and ends without delay.
func TestListenerThatCannotAcceptDoesNotSpin(t *testing.T) {
	for name, before := range map[string]func(*Server){
		"serving":  func(*Server) {},
		"draining": (*Server).Drain,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var said strings.Builder
				site := &Site{Metrics: metrics.New(metrics.Build{}).Server("s")}
				s := NewServer("s", site, wire.NewWatchdog(), nil, slog.New(slog.NewTextHandler(&said, nil)))
				e := &exhausted{}
				l := newListener(e)
				l.accepting = true
				before(s)
				go s.accept(l)
				time.Sleep(10*acceptPause - time.Millisecond)
				synctest.Wait()
				if e.tried != 10 {
					t.Errorf("tried %d times in 10 pauses", e.tried)
				}
				if n := strings.Count(said.String(), "accept failed"); n != 1 {
					t.Errorf("complained %d times", n)
				}
				began := time.Now()
				s.end(l)
				if took := time.Since(began); took != 0 {
					t.Errorf("ended only after %v", took)
				}
			})
		})
	}
}
