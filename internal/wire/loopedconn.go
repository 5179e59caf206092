package wire

import (
	"errors"
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
	task   *loop.Task
	more   bool // there may be something on the socket: the last read may have left it, or the loop has told
	grabs  bool // reads do not wait: errNothing
	leaves bool // nor do writes
	unix   bool // reads may be cut short
	loop.Socket

	local, remote net.Addr

	mu     sync.Mutex     // guards alarms
	alarms [2]*time.Timer // of deadlines to come, for reads and for writes
}

var _ net.Conn = (*looped)(nil)

// nothing is the error of a read or a write that does not wait. TLS takes it for one
// after which it can go on.
type nothing struct{ error }

func (nothing) Timeout() bool   { return true }
func (nothing) Temporary() bool { return true }

var errNothing net.Error = nothing{errors.New("nothing to read, or no room to write")}

// stirred is Stirred, for Read to know.
func (s *looped) stirred() bool {
	if s.Stirred() {
		s.more = true
	}
	return s.more
}

// readNow reads what there is, and does not ask the system where nothing is known to be.
func (s *looped) readNow(p []byte) (int, error) {
	if !s.stirred() {
		return 0, errNothing
	}
	n, err := readFD(s.FD(), p)
	switch {
	case err == syscall.EAGAIN:
		s.more = false
		return 0, errNothing
	case err != nil:
		return 0, os.NewSyscallError("read", err)
	case n == 0:
		return 0, io.EOF
	}
	s.more = n == len(p) || s.unix
	return n, nil
}

// waitRead waits until there may be something to read.
func (s *looped) waitRead() error {
	s.more = true
	return s.WaitRead(s.task)
}

// Read implements net.Conn.
func (s *looped) Read(p []byte) (int, error) {
	for {
		if err := s.MayRead(); err != nil {
			return 0, err
		}
		n, err := s.readNow(p)
		if err != errNothing || s.grabs {
			return n, err
		}
		if err := s.waitRead(); err != nil {
			return 0, err
		}
	}
}

// Write implements net.Conn.
func (s *looped) Write(p []byte) (sent int, err error) {
	for sent < len(p) {
		if err := s.beforeWrite(); err != nil {
			return sent, err
		}
		n, err := writeFD(s.FD(), p[sent:])
		sent += max(n, 0)
		if err := s.afterWrite(err); err != nil {
			return sent, err
		}
	}
	return sent, nil
}

// writeParts sends all of parts, and takes away from them what it has sent.
func (s *looped) writeParts(parts *net.Buffers) (sent int, err error) {
	for len(*parts) > 0 {
		if err := s.beforeWrite(); err != nil {
			return sent, err
		}
		n, err := writePartsFD(s.FD(), *parts)
		if err == nil {
			sent += n
			consume(parts, n)
		}
		if err := s.afterWrite(err); err != nil {
			return sent, err
		}
	}
	return sent, nil
}

// beforeWrite has others take their turn, and says why nothing may be written.
func (s *looped) beforeWrite() error {
	s.task.Step(1)
	return s.MayWrite()
}

// afterWrite says why no more may be written, if the last write has met err; where that
// is for want of room it waits first.
func (s *looped) afterWrite(err error) error {
	switch {
	case err != syscall.EAGAIN:
		return os.NewSyscallError("write", err)
	case s.leaves:
		return errNothing
	}
	return s.WaitWrite(s.task)
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

// SetDeadline implements net.Conn.
func (s *looped) SetDeadline(at time.Time) error {
	if at.IsZero() {
		s.Extend()
	}
	_ = s.SetReadDeadline(at) // neither fails
	return s.SetWriteDeadline(at)
}

// SetReadDeadline implements net.Conn. What SetDeadline has ended stays so.
func (s *looped) SetReadDeadline(at time.Time) error {
	s.limit(at, &s.alarms[0], s.ExpireReads, s.ExtendReads)
	return nil
}

// SetWriteDeadline implements net.Conn.
func (s *looped) SetWriteDeadline(at time.Time) error {
	s.limit(at, &s.alarms[1], s.ExpireWrites, s.ExtendWrites)
	return nil
}

// limit has waits of one kind end at a time: the zero time is never. An alarm that is
// just going off ends one too early, which whoever waits finds out (interruption).
func (s *looped) limit(at time.Time, alarm **time.Timer, expire, extend func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if *alarm != nil {
		(*alarm).Stop()
		*alarm = nil
	}
	switch left := time.Until(at); {
	case at.IsZero():
		extend()
	case left <= 0:
		expire()
	default:
		extend()
		*alarm = time.AfterFunc(left, expire)
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
