package mono

import (
	"sync/atomic"
	"time"
)

// Seldom bounds how often something is done that could be called for all the time,
// such as a line in the log about a peer. The zero value was never done. It must not
// be copied.
type Seldom struct{ last atomic.Int64 }

// Due reports whether it may be done at the mono time now: for the first time, or
// when as long as every has passed since it last was. One of several goroutines that
// ask at once is told so.
func (s *Seldom) Due(now int64, every time.Duration) bool {
	last := s.last.Load()
	return (last == 0 || now-last >= int64(every)) && s.last.CompareAndSwap(last, now)
}
