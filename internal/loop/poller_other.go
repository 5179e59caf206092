//go:build !linux

package loop

import (
	"syscall"
	"time"
)

// poller is never made: there are no loops here.
type poller struct{}

func newPoller() (*poller, error) { return nil, ErrNone }

func (*poller) add(int) error              { return ErrNone }
func (*poller) remove(int)                 {}
func (*poller) wait(time.Duration) int     { return 0 }
func (*poller) rest(time.Duration) int     { return 0 }
func (*poller) event(int) (int, readiness) { return -1, 0 }
func (*poller) ring()                      {}
func (*poller) close()                     {}
func closeFD(fd int) error                 { return syscall.Close(fd) }
