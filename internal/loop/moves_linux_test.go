package loop

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"pingap-go/internal/testkit"
)

// Who leaves gets a thread soon, though the loop has work all the time and the only
// other thread computes: Go would give it one after 10 ms, thousands of rounds.
func TestWhoLeavesGetsAThreadSoon(t *testing.T) {
	testkit.Census(t)
	threads := runtime.GOMAXPROCS(2)
	t.Cleanup(func() { runtime.GOMAXPROCS(threads) })
	l := start(t, 1).Least()
	var stop atomic.Bool
	var others sync.WaitGroup
	others.Go(func() {
		for !stop.Load() {
		}
	})
	var rounds atomic.Int64
	busy := begin(l, func(task *Task) {
		for !stop.Load() {
			rounds.Add(1)
			task.Step(passAfter)
		}
	})
	const times = 51
	var took []int64
	for range times {
		do(t, l, func(task *Task) {
			before := rounds.Load()
			task.Leave()
			took = append(took, rounds.Load()-before)
			task.Return()
		})
	}
	stop.Store(true)
	await(t, busy)
	others.Wait()
	slices.Sort(took)
	if median := took[times/2]; median > 100 {
		t.Errorf("the loop went on for %d rounds meanwhile", median)
	}
}

// A socket counts where it is watched, and nowhere twice, though a loop cannot have it.
func TestSocketsThatCannotBeWatchedDoNotCount(t *testing.T) {
	testkit.Census(t)
	g := start(t, 2)
	from, to := g.loops[0], g.loops[1]
	s, _ := socket(t, from)
	if err := to.poll.add(int(s.FD())); err != nil { // once more is an error
		t.Fatal(err)
	}
	if err := to.Add(new(Socket), int(s.FD())); err == nil {
		t.Error("it is watched twice")
	}
	if a, b := from.sockets.Load(), to.sockets.Load(); a != 1 || b != 0 {
		t.Errorf("after an Add that failed the loops count %d and %d sockets", a, b)
	}
	if err := s.Move(to); err == nil {
		t.Error("it has moved")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if a, b := from.sockets.Load(), to.sockets.Load(); a != 0 || b != 0 {
		t.Errorf("after a Move that failed the loops count %d and %d sockets", a, b)
	}
}
