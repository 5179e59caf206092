package health

import (
	"container/heap"
	"math"
	"time"
)

// notQueued is the place of a host that is being probed or was taken away.
const notQueued = -1

// schedule is a queue of hosts by when they are due: one timer serves a pool of
// any size. The zero value is empty.
type schedule struct{ hosts dueHeap }

// first is the host that is due first, nil when none is queued.
func (s *schedule) first() *monitored {
	if len(s.hosts) == 0 {
		return nil
	}
	return s.hosts[0]
}

func (s *schedule) add(host *monitored, due time.Time) {
	host.due = due
	heap.Push(&s.hosts, host)
}

// remove takes a host out, if it is in.
func (s *schedule) remove(host *monitored) {
	if host.place != notQueued {
		heap.Remove(&s.hosts, host.place)
	}
}

// dueHeap is container/heap's view of the queue; hosts know their place in it.
type dueHeap []*monitored

func (q dueHeap) Len() int           { return len(q) }
func (q dueHeap) Less(i, j int) bool { return q[i].due.Before(q[j].due) }

func (q dueHeap) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
}

func (q *dueHeap) Push(host any) {
	h := host.(*monitored)
	h.place = len(*q)
	*q = append(*q, h)
}

func (q *dueHeap) Pop() any {
	old := *q
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	last.place = notQueued
	return last
}

// nextPhase steps through [0,1) by the golden ratio, which spreads any number
// of points almost evenly (Weyl's equidistribution; Knuth, TAOCP 3, 6.4).
func nextPhase(phase float64) float64 {
	_, fraction := math.Modf(phase + math.Phi - 1)
	return fraction
}
