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

// Looped has l watch nc's socket from now on. It gives nc itself back where that
// cannot be: l is nil, nc is no plain socket, or there are no descriptors to spare.
func Looped(nc net.Conn, l *loop.Loop) net.Conn {
	var raw syscall.RawConn
	if _, secure := nc.(interface{ NetConn() net.Conn }); l == nil || secure {
		return nc
	}
	if raw = socketOf(nc); raw == nil {
		return nc
	}
	fd := -1
	err := raw.Control(func(taken uintptr) { fd, _ = unix.FcntlInt(taken, unix.F_DUPFD_CLOEXEC, 0) })
	if err != nil || fd < 0 {
		return nc
	}
	s, err := l.Add(fd)
	if err != nil {
		_ = unix.Close(fd)
		return nc
	}
	_ = nc.Close() // the socket lives on by the other descriptor
	_, local := nc.(*net.UnixConn)
	return &looped{Socket: s, local: nc.LocalAddr(), remote: nc.RemoteAddr(), unix: local}
}

// For has the connection wait as t: by switching back to t's loop while t is there.
// Without a task, and for connections that no loop watches, waits block.
func (c *Conn) For(t *loop.Task) {
	if c.own != nil {
		c.own.task = t
	}
}

// On reports whether a loop watches the connection, and has l do so if it is another
// one. Waits block until For says otherwise. A connection on which it fails is fit to
// be closed.
func (c *Conn) On(l *loop.Loop) bool {
	c.For(nil)
	return c.own != nil && c.own.Move(l) == nil
}

// Loop is the loop that watches the connection; nil = none.
func (c *Conn) Loop() *loop.Loop {
	if c.own == nil {
		return nil
	}
	return c.own.Loop()
}

// Await has job begun on the connection's loop when there is something to read or a
// wait would end; false = that is so now. Nobody may use the connection until then.
func (c *Conn) Await(job loop.Job) bool {
	c.own.task = nil
	return c.own.Await(&c.waiter, job)
}

// Stirred says that there may be something to read.
func (c *Conn) Stirred() { c.more = true }

// Touched reports whether there may be something to read or an end to be seen, as far
// as a loop has told; it costs no system call. Only who reads may call it.
func (c *Conn) Touched() bool {
	if c.own != nil && c.own.Stirred() {
		c.more = true
	}
	return c.more
}

// Unloop gives a connection to Go's poller, for goroutines of its own that read and
// write at once. On an error it is closed.
func (c *Conn) Unloop() error {
	if c.own == nil {
		return nil
	}
	fd, err := c.own.Release()
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(fd), "connection")
	nc, err := net.FileConn(f) // has a descriptor of its own
	_ = f.Close()
	if err != nil {
		return err
	}
	c.dog.remove(c)
	c.swap(nc)
	c.dog.add(c)
	return nil
}

// swap has bytes go through nc from now on. The watchdog must not know the Conn.
func (c *Conn) swap(nc net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.peeking.Lock()
	defer c.peeking.Unlock()
	c.own, c.warm, c.looked = nil, false, false
	c.attach(nc)
	if c.reason.Load() != 0 {
		_ = nc.SetDeadline(longAgo) // cannot fail on a new connection
	}
	if c.severed.Load() {
		_ = nc.Close() // nor this
	}
}

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
