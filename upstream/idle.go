package upstream

import "sync/atomic"

// slot is a place for one kept connection.
type slot = atomic.Pointer[Conn]

// fewConns is how many connections a host keeps without further memory.
const fewConns = 8

// idleConns holds the connections of one host that wait for work, newest first
// as far as that goes without a lock: slots that are taken and filled by
// compare-and-swap. The zero value is empty. Hosts that never keep more than a
// few connections cost no more than those slots.
type idleConns struct {
	count atomic.Int64 // slots filled, and places promised to who is about to fill one
	few   [fewConns]slot
	more  atomic.Pointer[[]slot]
}

// put stores c, or reports false when size connections are kept already.
func (p *idleConns) put(c *Conn, size int) bool {
	n := int(p.count.Add(1))
	if n <= size {
		for i := range size {
			if p.slot((n-1+i)%size, size).CompareAndSwap(nil, c) {
				return true
			}
		}
	}
	p.count.Add(-1)
	return false
}

// slot is the i-th of size slots. Those beyond the first few are made when the
// first of them is needed.
func (p *idleConns) slot(i, size int) *slot {
	if i < fewConns {
		return &p.few[i]
	}
	more := p.more.Load()
	if more == nil {
		fresh := make([]slot, size-fewConns)
		p.more.CompareAndSwap(nil, &fresh)
		more = p.more.Load()
	}
	return &(*more)[min(i-fewConns, len(*more)-1)]
}

// take removes a connection, or answers nil.
func (p *idleConns) take() *Conn {
	held := int(p.count.Load())
	if held <= 0 {
		return nil
	}
	var more []slot
	if m := p.more.Load(); m != nil {
		more = *m
	}
	all := fewConns + len(more)
	for i := range all {
		at := ((held-1-i)%all + all) % all
		s := &p.few[at%fewConns]
		if at >= fewConns {
			s = &more[at-fewConns]
		}
		if s.Load() == nil {
			continue
		}
		if c := s.Swap(nil); c != nil {
			p.count.Add(-1)
			return c
		}
	}
	return nil
}

// closeIf closes the connections that are over, and leaves the others where
// they are.
func (p *idleConns) closeIf(over func(*Conn) bool) {
	if p.count.Load() <= 0 {
		return
	}
	p.sweep(p.few[:], over)
	if more := p.more.Load(); more != nil {
		p.sweep(*more, over)
	}
}

// sweep may meet a connection that somebody takes, uses and puts back meanwhile;
// if it is closed after all, it was idle and nobody's at that moment.
func (p *idleConns) sweep(slots []slot, over func(*Conn) bool) {
	for i := range slots {
		if c := slots[i].Load(); c != nil && over(c) && slots[i].CompareAndSwap(c, nil) {
			p.count.Add(-1)
			c.Close()
		}
	}
}
