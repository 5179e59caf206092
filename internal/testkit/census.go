package testkit

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// Census counts goroutines and file descriptors now and once the test and all its
// other clean-ups are over: both must be back where they were.
func Census(t testing.TB) {
	t.Helper()
	before, running := descriptors(t), goleak.IgnoreCurrent()
	t.Cleanup(func() {
		if err := goleak.Find(running); err != nil {
			t.Errorf("goroutines are left behind: %v", err)
		}
		Eventually(t, 3*time.Second, func() error {
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
