package wire

import "sync"

// draft is memory in which the next thing to send is put together. Every
// connection is handed the one that was used last, which the processor still has
// in its caches, and none holds one while it waits.
type draft struct{ b []byte }

var drafts = sync.Pool{New: func() any { return &draft{make([]byte, 0, 4<<10)} }}

// largestDraft bounds the memory that goes back to the pool.
const largestDraft = 96 << 10

// Draft gives an empty slice to append to what is then queued or written. It is the
// Conn's again once anything has been sent.
func (c *Conn) Draft() []byte {
	if c.draft == nil {
		c.draft = drafts.Get().(*draft)
	}
	return c.draft.b
}

// grown has a draft that grew into p stay so.
func (c *Conn) grown(p []byte) {
	if c.draft != nil && cap(p) > cap(c.draft.b) && cap(p) <= largestDraft {
		c.draft.b = p[:0]
	}
}

// sent gives the draft back. It leaves c.pending alone, which the goroutine that
// calls Fill may be looking at while another one writes.
func (c *Conn) sent() {
	if c.draft != nil {
		drafts.Put(c.draft)
		c.draft = nil
	}
}
