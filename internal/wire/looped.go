package wire

import (
	"net"
	"os"

	"golang.org/x/sys/unix"

	"pingap-go/internal/loop"
)

// Looped has l watch nc's socket from now on. It gives nc back as it was where that
// cannot be: l is nil, nc is neither a plain socket nor TLS through a Base, or there are
// no descriptors to spare.
func Looped(nc net.Conn, l *loop.Loop) net.Conn {
	last := beneath(nc)
	s := watchedBy(l, nc)
	if s == nil {
		return nc
	}
	_ = last.Close() // the socket lives on by the other descriptor
	return moved(nc, s)
}

// watchedBy is the socket of nc once more, which l watches; nil where that cannot be.
func watchedBy(l *loop.Loop, nc net.Conn) *looped {
	raw := socketOf(nc)
	if _, can := movable(nc); l == nil || raw == nil || !can {
		return nil
	}
	fd := -1
	err := raw.Control(func(taken uintptr) { fd, _ = unix.FcntlInt(taken, unix.F_DUPFD_CLOEXEC, 0) })
	if err != nil || fd < 0 {
		return nil
	}
	_, local := beneath(nc).(*net.UnixConn)
	s := &looped{local: nc.LocalAddr(), remote: nc.RemoteAddr(), unix: local, more: true}
	if l.Add(&s.Socket, fd) != nil {
		_ = unix.Close(fd)
		return nil
	}
	return s
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

// Hurry has a loop's Close not wait for room to say farewell in, as it may over TLS.
func (c *Conn) Hurry() {
	if c.own != nil {
		c.own.leaves = true
	}
}

// Stirred says that there may be something to read.
func (c *Conn) Stirred() { c.own.more = true }

// Touched reports whether there may be something to read or an end to be seen, as far
// as is known without a system call: a loop has told, or TLS may have read it already.
// Only who reads may call it. One that was touched may have lost a byte by the look: it
// is fit to be closed, if it is not Quiet either.
func (c *Conn) Touched() bool {
	switch {
	case c.own == nil:
		return !c.Plain()
	case c.own.stirred():
		return true
	}
	return c.held && !c.holdsNothing()
}

// Reloop is Unloop taken back: l watches the connection from now on. It changes nothing
// where that cannot be (see Looped).
func (c *Conn) Reloop(l *loop.Loop) {
	last := beneath(c.nc)
	if s := watchedBy(l, c.nc); s != nil {
		c.swap(s)
		_ = last.Close() // the socket lives on by the other descriptor
	}
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
	c.swap(nc)
	return nil
}

// swap has bytes go through socket from now on.
func (c *Conn) swap(socket net.Conn) {
	c.dog.remove(c)
	defer c.dog.add(c)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.peeking.Lock()
	defer c.peeking.Unlock()
	c.warm, c.looked, c.spent = false, false, false
	c.attach(moved(c.nc, socket))
	if c.reason.Load() != 0 {
		_ = socket.SetDeadline(longAgo) // cannot fail on a new connection
	}
	if c.severed.Load() {
		_ = c.sever() // nor this
	}
}
