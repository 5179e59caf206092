package accesslog

import "sync/atomic"

const (
	ringSize = 4096 // lines; a power of two
	// keptLine is the largest buffer, in bytes, that a slot keeps for its next line.
	keptLine = 4 << 10
	// mostLong bounds, in bytes, what larger buffers than that hold together: as much as
	// all others. Whoever asks with the longest of heads could fill a queue whose output
	// is blocked with hundreds of megabytes otherwise.
	mostLong = ringSize * keptLine
)

// ring is a bounded queue of lines for many producers and one consumer. Lines
// are made in the slots themselves, so that no byte is copied twice and no
// producer waits for another. It is D. Vyukov's bounded queue: the turn of a slot
// says whose it is, the producer's of round n (turn == position) or the
// consumer's (turn == position+1).
type ring struct {
	tail atomic.Uint64 // the next position to fill
	_    [56]byte      // what producers and the consumer write stays apart
	head atomic.Uint64 // the next position to empty; only the consumer writes it
	_    [56]byte

	long  atomic.Int64 // bytes in buffers larger than keptLine
	slots [ringSize]slot
}

type slot struct {
	turn atomic.Uint64
	line []byte
}

func newRing() *ring {
	r := new(ring)
	for i := range r.slots {
		r.slots[i].turn.Store(uint64(i))
	}
	return r
}

// put makes the line of e in the next free slot; false when there is none, or no room
// for so long a line.
func (r *ring) put(f *Format, e *Entry) bool {
	for {
		position := r.tail.Load()
		s := &r.slots[position%ringSize]
		turn := s.turn.Load()
		switch {
		case turn < position: // not emptied since the last round
			return false
		case turn == position && r.tail.CompareAndSwap(position, position+1):
			s.line = append(f.Append(s.line[:0], e), '\n')
			fits := r.hold(s)
			s.turn.Store(position + 1)
			return fits
		}
	}
}

// hold counts a line that was just made. One for which there is no room is forgotten:
// its slot is empty then.
func (r *ring) hold(s *slot) bool {
	size := int64(cap(s.line))
	if size <= keptLine || r.long.Add(size) <= mostLong {
		return true
	}
	r.long.Add(-size)
	s.line = nil
	return false
}

// take appends the oldest line to into; false when there is none.
func (r *ring) take(into *[]byte) bool {
	position := r.head.Load()
	s := &r.slots[position%ringSize]
	if s.turn.Load() != position+1 {
		return false
	}
	*into = append(*into, s.line...)
	if size := cap(s.line); size > keptLine {
		r.long.Add(-int64(size))
		s.line = nil
	}
	s.turn.Store(position + ringSize)
	r.head.Store(position + 1)
	return true
}

// empty reports whether no line waits. The consumer asks.
func (r *ring) empty() bool {
	position := r.head.Load()
	return r.slots[position%ringSize].turn.Load() != position+1
}
