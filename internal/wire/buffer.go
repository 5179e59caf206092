package wire

import "sync"

// Sizes of read buffers. A connection begins with the small one and is given
// the large one for streaming (Large) or when a head does not fit. Buffers beyond
// that (Conn.Most) are made for one head and not kept.
const (
	SmallBuffer = 16 << 10
	LargeBuffer = 64 << 10
)

// buffer is a pooled slice; the struct keeps the pool free of allocations.
type buffer struct{ b []byte }

var (
	small = sync.Pool{New: func() any { return &buffer{make([]byte, SmallBuffer)} }}
	large = sync.Pool{New: func() any { return &buffer{make([]byte, LargeBuffer)} }}
)

func take(size int) *buffer {
	switch {
	case size <= SmallBuffer:
		return small.Get().(*buffer)
	case size <= LargeBuffer:
		return large.Get().(*buffer)
	}
	return &buffer{make([]byte, size)}
}

func give(b *buffer) {
	switch len(b.b) {
	case SmallBuffer:
		small.Put(b)
	case LargeBuffer:
		large.Put(b)
	}
}

// room makes sure that there is a buffer with free space, moving or growing what
// is buffered. It reports false when the largest buffer is full.
func (c *Conn) room() bool {
	if c.buf == nil {
		c.buf, c.r, c.w = take(c.want), 0, 0
		return true
	}
	if int(c.w) < len(c.buf.b) {
		return true
	}
	if c.r > 0 {
		c.w = int32(copy(c.buf.b, c.buf.b[c.r:c.w]))
		c.r = 0
		return true
	}
	most := max(c.Most, LargeBuffer)
	if len(c.buf.b) >= most {
		return false
	}
	bigger := take(min(max(2*len(c.buf.b), LargeBuffer), most))
	copy(bigger.b, c.buf.b[:c.w])
	give(c.buf)
	c.buf = bigger
	return true
}

// idle gives the buffer back if nothing is in it.
func (c *Conn) idle() {
	if c.r == c.w {
		c.release()
	}
}

func (c *Conn) release() {
	if c.buf != nil {
		give(c.buf)
		c.buf = nil
	}
	c.r, c.w = 0, 0
}

// Large asks for large buffers from the next empty one on (streaming), or for
// small ones again.
func (c *Conn) Large(on bool) {
	c.want = SmallBuffer
	if on {
		c.want = LargeBuffer
	}
}

// Compact moves what is buffered to the front, so that a message has the whole
// buffer to complete in.
func (c *Conn) Compact() {
	if c.buf != nil && c.r > 0 {
		c.w = int32(copy(c.buf.b, c.buf.b[c.r:c.w]))
		c.r = 0
	}
}

// Scratch is a large buffer from the same pool, for copying what does not come
// from a Conn.
type Scratch struct{ b *buffer }

// TakeLarge gets a Scratch of LargeBuffer bytes. Give it back.
func TakeLarge() Scratch { return Scratch{take(LargeBuffer)} }

// Bytes is the buffer.
func (s Scratch) Bytes() []byte { return s.b.b }

// Give returns the buffer to the pool.
func (s Scratch) Give() { give(s.b) }
