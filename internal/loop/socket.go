package loop

import (
	"net"
	"os"
	"sync"
	"sync/atomic"
)

// Socket is a descriptor that a loop watches, once Loop.Add was told of it. One goroutine,
// or task, may wait to read from it and one to write; the rest may be called from any. It
// is part of its owner's memory and must not be copied.
type Socket struct {
	loop    atomic.Pointer[Loop]
	fd      atomic.Int32  // -1 after Release
	expired atomic.Uint32 // which waits end at once; see below
	ended   atomic.Bool   // each look may find something: the peer has ended its side, for example

	read, write side
	mu          sync.Mutex // held by who closes, or must not have it closed meanwhile
}

// What a Socket's expired holds.
const (
	noReads uint32 = 1 << iota
	noWrites
)

// Add has the loop watch fd, which must not block and becomes s's, a zero Socket. On an
// error it stays the caller's.
func (l *Loop) Add(s *Socket, fd int) error {
	s.fd.Store(int32(fd))
	err := s.join(fd, l)
	if err != nil {
		l.sockets.Add(-1)
	}
	return err
}

// FD is the descriptor, for whoever may close the socket; others use Control. After
// that it is none: calls with it fail with EBADF.
func (s *Socket) FD() uintptr { return uintptr(s.fd.Load()) }

// Loop is the loop that watches.
func (s *Socket) Loop() *Loop { return s.loop.Load() }

// join begins to be watched by l, and counts there even if that fails.
func (s *Socket) join(fd int, l *Loop) error {
	s.loop.Store(l)
	l.sockets.Add(1)
	if !l.group.sockets.put(fd, s) {
		return os.ErrInvalid
	}
	if err := l.poll.add(fd); err != nil {
		l.group.sockets.drop(fd)
		return err
	}
	return nil
}

// Move has another loop of the group watch. Nobody may wait for the socket. On an error
// no loop watches, and the socket is fit to be closed.
func (s *Socket) Move(l *Loop) error {
	if s.loop.Load() == l { // and if it is closed, calls with it show it
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	last, fd := s.loop.Load(), int(s.fd.Load())
	if fd < 0 {
		return net.ErrClosed
	}
	last.poll.remove(fd)
	last.sockets.Add(-1)
	return s.join(fd, l)
}

// Stirred reports whether something may have come to be read since the last look: the
// look is over with that. Only who reads may call it.
func (s *Socket) Stirred() bool { return s.read.look() || s.ended.Load() }

// Expire ends all waits, current and later ones, until Extend.
func (s *Socket) Expire() {
	s.ExpireReads()
	s.ExpireWrites()
}

// ExpireReads is Expire for waits to read.
func (s *Socket) ExpireReads() {
	s.expired.Or(noReads)
	s.rouse(s.read.take())
}

// ExpireWrites is Expire for waits to write.
func (s *Socket) ExpireWrites() {
	s.expired.Or(noWrites)
	s.rouse(s.write.take())
}

// Extend takes back Expire, ExpireReads and ExpireWrites.
func (s *Socket) Extend() { s.expired.Store(0) }

// ExtendReads takes back ExpireReads; what Expire has ended stays so.
func (s *Socket) ExtendReads() { s.expired.CompareAndSwap(noReads, 0) }

// ExtendWrites takes back ExpireWrites, also as a part of Expire: a farewell is said
// after the end.
func (s *Socket) ExtendWrites() { s.expired.And(^noWrites) }

// MayRead is the error that a wait to read would end with at once; nil = it would wait.
func (s *Socket) MayRead() error { return s.fate(noReads) }

// MayWrite is MayRead for waits to write.
func (s *Socket) MayWrite() error { return s.fate(noWrites) }

func (s *Socket) rouse(w *waiter) {
	switch {
	case w == nil:
	case w.job != nil:
		s.loop.Load().Start(w.job)
	default:
		w.wake()
	}
}

// fate is what a wait of that kind comes to.
func (s *Socket) fate(kind uint32) error {
	switch {
	case s.expired.Load()&kind == 0:
		return nil
	case s.fd.Load() < 0:
		return net.ErrClosed
	}
	return os.ErrDeadlineExceeded
}

// Control calls f with the descriptor, which nobody closes meanwhile.
func (s *Socket) Control(f func(fd uintptr)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	fd := s.fd.Load()
	if fd < 0 {
		return net.ErrClosed
	}
	f(uintptr(fd))
	return nil
}

// Close ends all waits and closes the descriptor.
func (s *Socket) Close() error {
	fd, err := s.Release()
	if err != nil {
		return err
	}
	return closeFD(fd)
}

// Release ends all waits and gives the descriptor back; no loop watches it any more.
func (s *Socket) Release() (fd int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if fd = int(s.fd.Swap(-1)); fd < 0 {
		return -1, net.ErrClosed
	}
	l := s.loop.Load()
	l.poll.remove(fd)
	l.group.sockets.drop(fd)
	l.sockets.Add(-1)
	s.Expire()
	return fd, nil
}
