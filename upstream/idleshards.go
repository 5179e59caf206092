package upstream

import (
	"sync/atomic"

	"pingap-go/internal/loop"
)

// idleShards are kept connections by the loop that watches them: who takes one gets
// it from its own loop, as long as there is one. Those that no loop watches have a
// shard of their own. The zero value is empty.
type idleShards struct {
	shards [1 + loopShards]atomic.Pointer[idleConns]
}

// loopShards is for how many loops connections are kept apart.
const loopShards = 8

// shardOf is where connections of a loop are kept.
func shardOf(l *loop.Loop) int {
	if l == nil {
		return 0
	}
	return 1 + l.Index()%loopShards
}

// put stores c, or reports false when size connections are kept already. Loops that put
// one at the same moment may keep one each.
func (s *idleShards) put(c *Conn, size int) bool {
	at := &s.shards[shardOf(c.Loop())]
	own := at.Load()
	if own == nil {
		at.CompareAndSwap(nil, new(idleConns))
		own = at.Load()
	}
	if s.count() >= size {
		return false
	}
	return own.put(c, size)
}

// count is how many connections are kept.
func (s *idleShards) count() (n int) {
	for i := range s.shards {
		if own := s.shards[i].Load(); own != nil {
			n += int(own.count.Load())
		}
	}
	return n
}

// take removes a connection for one that runs on l, or answers nil. Without a loop it
// takes only what no loop watches, and the other way round.
func (s *idleShards) take(l *loop.Loop) *Conn {
	at := shardOf(l)
	if own := s.shards[at].Load(); own != nil {
		if c := own.take(); c != nil || at == 0 {
			return c
		}
	}
	if at == 0 {
		return nil
	}
	for i := 1; i < len(s.shards); i++ {
		if other := s.shards[i].Load(); other != nil && i != at {
			if c := other.take(); c != nil {
				return c
			}
		}
	}
	return nil
}

// closeIf closes the connections that are over, and leaves the others where they are.
func (s *idleShards) closeIf(over func(*Conn) bool) {
	for i := range s.shards {
		if own := s.shards[i].Load(); own != nil {
			own.closeIf(over)
		}
	}
}
