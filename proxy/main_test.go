package proxy_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pingap-go/internal/testkit"
)

func TestMain(m *testing.M) {
	if l, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
		l.Close() // the runtime's own descriptors are open from now on
	}
	goleak.VerifyTestMain(m)
}

// census counts goroutines and file descriptors now and once the test and all its
// other clean-ups are over: both must be back where they were.
func census(t testing.TB) {
	t.Helper()
	before, running := descriptors(t), goleak.IgnoreCurrent()
	t.Cleanup(func() {
		if err := goleak.Find(running); err != nil {
			t.Errorf("goroutines are left behind: %v", err)
		}
		testkit.Eventually(t, 3*time.Second, func() error {
			runtime.GC() // package wire keeps pipes until they are collected
			if now := descriptors(t); now > before {
				return fmt.Errorf("%d file descriptors, %d before the test", now, before)
			}
			return nil
		})
	})
}

func descriptors(t testing.TB) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return len(list)
}
