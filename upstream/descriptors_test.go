package upstream

import (
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"pingap-go/health"
)

// A process without descriptors cannot connect to anybody. It must not believe that all
// are ill, and go on believing it when it has some again.
func TestHavingNoDescriptorsIsNoEvidence(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := run(t, func(o *Options) { o.Ejection = health.Rules{} })
		r.registry.lists(one("a"), one("b"))
		for range 100 {
			l := r.must()
			l.Failed(ConnectFailed, &unreachedError{&net.OpError{Op: "dial", Err: os.NewSyscallError("socket", syscall.EMFILE)}})
		}
		pass(time.Second)
		r.wantSpread("a", "b")
		if e := r.of("a"); e.Failures != 0 {
			t.Errorf("%d failures are counted", e.Failures)
		}
	})
}
