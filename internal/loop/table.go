package loop

import "sync/atomic"

// table finds a socket by its descriptor. It grows by pages that stay; a process with
// few descriptors has one.
type table struct {
	pages [pages]atomic.Pointer[page]
}

type page [pageSize]atomic.Pointer[Socket]

const (
	pages    = 1 << 10
	pageSize = 1 << 10
)

// at is the socket of a descriptor, or nil.
func (t *table) at(fd int) *Socket {
	if p := t.pages[fd/pageSize].Load(); p != nil {
		return p[fd%pageSize].Load()
	}
	return nil
}

// put reports false when there is no place for a descriptor of that number.
func (t *table) put(fd int, s *Socket) bool {
	if fd < 0 || fd >= pages*pageSize {
		return false
	}
	at := &t.pages[fd/pageSize]
	if at.Load() == nil {
		at.CompareAndSwap(nil, new(page))
	}
	at.Load()[fd%pageSize].Store(s)
	return true
}

func (t *table) drop(fd int) { t.pages[fd/pageSize].Load()[fd%pageSize].Store(nil) }
