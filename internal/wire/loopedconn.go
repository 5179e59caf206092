package wire

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"pingap-go/internal/loop"
)

// looped is a connection whose socket a loop watches in place of Go's poller. It
// waits as the task that it serves at the moment.
type looped struct {
	*loop.Socket
	task          *loop.Task
	local, remote net.Addr
	unix          bool // reads may be cut short

	mu    sync.Mutex  // guards alarm
	alarm *time.Timer // of a deadline to come
}

var _ net.Conn = (*looped)(nil)

// Read implements net.Conn.
func (s *looped) Read(p []byte) (int, error) {
	for {
		if err := s.MayRead(); err != nil {
			return 0, err
		}
		n, err := readFD(s.FD(), p)
		switch {
		case err == nil && n == 0:
			return 0, io.EOF
		case err != syscall.EAGAIN:
			return max(n, 0), os.NewSyscallError("read", err)
		}
		if err := s.WaitRead(s.task); err != nil {
			return 0, err
		}
	}
}

// Write implements net.Conn.
func (s *looped) Write(p []byte) (int, error) {
	whole := net.Buffers{p}
	return s.writeParts(&whole)
}

// writeParts sends all of parts, and takes away from them what it has sent.
func (s *looped) writeParts(parts *net.Buffers) (sent int, err error) {
	for len(*parts) > 0 {
		if err := s.MayWrite(); err != nil {
			return sent, err
		}
		s.task.Step(1)
		n, err := writePartsFD(s.FD(), *parts)
		switch {
		case err == nil:
			sent += n
			consume(parts, n)
			continue
		case err != syscall.EAGAIN:
			return sent, os.NewSyscallError("write", err)
		}
		if err := s.WaitWrite(s.task); err != nil {
			return sent, err
		}
	}
	return sent, nil
}

// consume takes n bytes off the front.
func consume(parts *net.Buffers, n int) {
	for len(*parts) > 0 {
		first := (*parts)[0]
		if n < len(first) {
			(*parts)[0] = first[n:]
			return
		}
		n -= len(first)
		(*parts)[0] = nil
		*parts = (*parts)[1:]
	}
}

// LocalAddr implements net.Conn.
func (s *looped) LocalAddr() net.Addr { return s.local }

// RemoteAddr implements net.Conn.
func (s *looped) RemoteAddr() net.Addr { return s.remote }

// SetDeadline implements net.Conn, for times that have passed and for none: the
// watchdog knows of the others.
func (s *looped) SetDeadline(at time.Time) error {
	s.silence()
	if at.IsZero() {
		s.Extend()
	} else {
		s.Expire()
	}
	return nil
}

// SetWriteDeadline implements net.Conn, as SetDeadline does.
func (s *looped) SetWriteDeadline(at time.Time) error { return s.SetDeadline(at) }

// SetReadDeadline implements net.Conn, for times to come as well. What SetDeadline has
// ended stays so.
func (s *looped) SetReadDeadline(at time.Time) error {
	s.silence()
	s.ExtendReads()
	if at.IsZero() {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.alarm = time.AfterFunc(time.Until(at), s.ExpireReads)
	return nil
}

// silence ends the alarm. One that is just going off ends a wait too early, which
// whoever waits finds out (interruption).
func (s *looped) silence() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.alarm != nil {
		s.alarm.Stop()
		s.alarm = nil
	}
}

// CloseWrite ends our side of the stream.
func (s *looped) CloseWrite() error { return s.shut(unix.SHUT_WR) }

// Sever ends both. The descriptor stays its owner's to close.
func (s *looped) Sever() error { return s.shut(unix.SHUT_RDWR) }

func (s *looped) shut(how int) (err error) {
	if closed := s.Control(func(fd uintptr) { err = unix.Shutdown(int(fd), how) }); closed != nil {
		return closed
	}
	return os.NewSyscallError("shutdown", err)
}

// SetLinger is as net.TCPConn's.
func (s *looped) SetLinger(seconds int) (err error) {
	linger := unix.Linger{Onoff: 1, Linger: int32(seconds)}
	if closed := s.Control(func(fd uintptr) {
		err = unix.SetsockoptLinger(int(fd), unix.SOL_SOCKET, unix.SO_LINGER, &linger)
	}); closed != nil {
		return closed
	}
	return err
}

// rawLooped is a looped's socket, as syscall.RawConn.
type rawLooped struct{ *looped }

func (s rawLooped) Read(done func(fd uintptr) bool) error {
	err := s.MayRead()
	for err == nil && !done(s.FD()) {
		err = s.WaitRead(s.task)
	}
	return err
}

func (s rawLooped) Write(done func(fd uintptr) bool) error {
	err := s.MayWrite()
	for err == nil && !done(s.FD()) {
		err = s.WaitWrite(s.task)
	}
	return err
}
