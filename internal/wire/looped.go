package wire

import (
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"pingap-go/internal/loop"
)

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
