// Package wire is a byte-stream connection as a proxy wants it: it owns no
// buffer while nothing is there to read, it sends what was queued at the moment
// it begins to wait, and its deadlines cost an atomic store instead of a timer.
//
//	c := wire.NewConn(nc, watchdog)
//	c.Queue(append(c.Draft(), request...)) // nothing is sent yet
//	c.SetTimeout(time.Second)
//	err := c.Fill()      // sends, then waits until bytes can be read
//	head := c.Buffered() // valid until the next Fill or Discard
//	c.Discard(len(head))
//
// The saving is in system calls. A round trip by net.Conn is write, read that
// finds nothing (EAGAIN), wait, read. Fill writes inside the RawConn.Read
// callback, after the poller was armed, so that the first read can be left out:
// write, wait, read. Bytes that arrived before the poller was armed give no
// second edge; the Watchdog therefore has every wait that began without a read
// look once for real after a tick, and a connection on which that found
// something reads first for a while.
//
// In place of Go's poller a loop may watch the socket (Looped, Reloop), of TLS that goes
// through a Base as well. It tells what has come since the last read, so no wait is blind
// there, and a Conn waits as the task that it was told of (For).
//
// A Conn belongs to one goroutine at a time, or to two: one that calls Fill and
// Discard, one that calls Write and WriteParts. Nothing may be queued then. The
// time-outs, Interrupt, Resume, Gone and the watchdog may be used from any. The
// package knows nothing of HTTP.
package wire

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"pingap-go/internal/loop"
)

// What a wait ended with, other than the peer's bytes or io.EOF.
var (
	// ErrTimeout: the deadline passed.
	ErrTimeout = errors.New("deadline exceeded")
	// ErrInterrupted: somebody called Interrupt.
	ErrInterrupted = errors.New("interrupted")
	// ErrIdle: nothing has come for a tick, and Yield is set. Nothing is wrong.
	ErrIdle = errors.New("idle")
	// ErrBufferFull: Fill was called with a full buffer of the largest size.
	ErrBufferFull = errors.New("read buffer full")
)

// Conn is one connection, a client's or an upstream's. What every request
// touches stands first, on two cache lines: with hundreds of connections it is
// memory that decides.
type Conn struct {
	own     *looped         // nil when no loop watches the socket
	raw     syscall.RawConn // nil when bytes pass through TLS or a wrapper
	buf     *buffer         // nil while nothing is buffered
	r, w    int32           // unread bytes are buf[r:w]
	pending []byte          // queued, not yet sent
	draft   *draft          // what pending is part of; nil = of other memory, or nothing is queued
	dog     *Watchdog

	// Shared with the watchdog and with whoever interrupts.
	deadline atomic.Int64 // watchdog time times inDeadline, perhaps fresh; 0 = none, or fired
	blind    atomic.Uint64
	reason   atomic.Int32

	eager  int8 // how often yet to read before waiting, even if that may find nothing
	waited bool // a read of this Fill has found nothing
	looked bool // the watchdog has ended the wait before this read
	warm   bool // at least one wait has ended well
	held   bool // a loop watches, and TLS may have read what it has not given out yet
	spent  bool // of what TLS has read nothing whole is left: only the socket can bring more
	// Yield has Fill return ErrIdle when nothing has come for a tick, so that the
	// owner can go on waiting with less in its hands. What was queued has been
	// sent by then, so that its memory may be used again.
	Yield bool

	onRead  func(fd uintptr) bool
	ioErr   error // what onRead met
	closed  atomic.Bool
	severed atomic.Bool  // for good, while its owner does not know yet
	broken  atomic.Bool  // a write through TLS has failed: none will succeed
	reading atomic.Int32 // a read through TLS under way, and for how long
	mu      sync.Mutex   // guards interrupts; never taken while all goes well
	nc      net.Conn
	want    int // size class for the next buffer
	// Most is how many bytes the read buffer may grow to for one head; less than
	// LargeBuffer counts as that.
	Most int

	exactly time.Time // the deadline that FillWithin has set; zero = none
	vec     net.Buffers
	vecs    [3][]byte

	peeking          sync.Mutex      // guards what Gone sees; uncontended but for a tick at the same moment
	sock             syscall.RawConn // what Gone looks at; nil without a socket
	onPeek           func(fd uintptr)
	sawEnd, sawBytes bool
	stray            [1]byte // what Quiet finds, for nobody

	waiter loop.Waiter // between requests, where a loop watches

	// Owned by the watchdog.
	slot  int // index in the watchdog's shard
	shard int // which shard
	// The blind wait that the last tick saw, and the last one that was ended.
	watched, lookedFor uint64
	// OnTick, when set, is called by the watchdog on every tick, with its time.
	// It must not block nor close connections. Set it before Init.
	OnTick func(now int64)
}

// Reasons to end a wait, bits in c.reason.
const (
	kicked      int32 = 1 << iota // look for real, once
	timedOut                      // until another deadline is set
	interrupted                   // until Resume
)

// What a Conn's deadline holds.
const (
	fired      = -1 // instead of one that has passed
	fresh      = 1  // added to one that no look has seen yet
	inDeadline = 2  // units of a millisecond of watchdog time
)

// NewConn wraps nc and puts it under the watchdog's eyes. Close takes it away.
func NewConn(nc net.Conn, dog *Watchdog) *Conn {
	c := new(Conn)
	c.Init(nc, dog)
	return c
}

// Init does what NewConn does, for a Conn that is part of another struct.
func (c *Conn) Init(nc net.Conn, dog *Watchdog) {
	c.dog = dog
	c.onRead, c.onPeek = c.readable, c.peek
	c.attach(nc)
	dog.add(c)
}

// attach has bytes go through nc.
func (c *Conn) attach(nc net.Conn) {
	c.nc, c.sock, c.raw = nc, socketOf(nc), nil
	c.own, _ = beneath(nc).(*looped)
	_, secure := nc.(over)
	if !secure {
		c.raw = c.sock
	}
	c.held = secure && c.own != nil
}

// NetConn is the connection underneath.
func (c *Conn) NetConn() net.Conn { return c.nc }

// Buffered is what was read and not yet discarded.
func (c *Conn) Buffered() []byte {
	if c.buf == nil {
		return nil
	}
	return c.buf.b[c.r:c.w]
}

// Discard drops the first n buffered bytes; the buffer goes back to the pool
// with the last of them.
func (c *Conn) Discard(n int) {
	c.r += int32(n)
	if c.r == c.w {
		c.release()
	}
}

// Queue says what Fill or Flush shall send. p must not change until then, and
// nothing else may be queued meanwhile.
func (c *Conn) Queue(p []byte) {
	c.pending = p
	if len(p) == 0 {
		c.sent()
		return
	}
	c.grown(p)
}

// Flush sends what is queued.
func (c *Conn) Flush() error {
	if len(c.pending) == 0 {
		return nil
	}
	p := c.pending
	c.pending = nil
	return c.Write(p)
}

// Detach hands the connection and what was read from it to somebody else. Only
// Close may be called afterwards, and does nothing.
func (c *Conn) Detach() (nc net.Conn, read []byte) {
	read = append(read, c.Buffered()...)
	if !c.closed.Swap(true) {
		c.dog.remove(c)
	}
	c.release()
	_ = c.nc.SetDeadline(noDeadline) // fails only on a closed connection, which its next owner finds out
	return c.nc, read
}

// Close ends the connection and gives back all it holds. TLS says so to the peer,
// for which it may wait 5 s when the peer takes no bytes, unless a write has failed.
func (c *Conn) Close() error {
	if c.closed.Swap(true) {
		return nil
	}
	c.dog.remove(c)
	c.pending = nil
	c.sent()
	c.r = c.w
	c.release()
	if c.broken.Load() {
		return beneath(c.nc).Close()
	}
	return c.nc.Close()
}

// Sever closes the socket, with no word to the peer: what goes on with the
// connection fails at once. Any goroutine may call it; the owner still has to Close.
func (c *Conn) Sever() error {
	c.mu.Lock() // another goroutine may be in Unloop
	defer c.mu.Unlock()
	c.severed.Store(true)
	return c.sever()
}

func (c *Conn) sever() error {
	if c.own != nil {
		return c.own.Sever()
	}
	return beneath(c.nc).Close()
}

// Abort ends the connection so that the peer sees it broken (RST), never complete.
func (c *Conn) Abort() error {
	if t, ok := beneath(c.nc).(interface{ SetLinger(seconds int) error }); ok {
		_ = t.SetLinger(0) // a failure leaves an ordinary close
	}
	c.broken.Store(true) // TLS would tell the peer that this was all
	return c.Close()
}
