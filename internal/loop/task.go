package loop

import (
	"fmt"
	"iter"
	"runtime/debug"
)

// Job is work for a task. Run is called once; the task is the job's until it returns.
type Job interface{ Run(t *Task) }

// state is why a task has switched back to who runs it.
type state int

const (
	waiting   state = iota // for a socket, or for its turn
	idle                   // its job is done
	leaving                // it wants to run beside the loop
	returning              // it wants to run on the loop again
)

// Task is a coroutine of a loop. Only the job that it runs may use it. A nil Task is
// that of a goroutine that belongs to no loop: it may block wherever it likes.
type Task struct {
	loop  *Loop
	job   Job
	on    bool // it runs on the loop, or waits there
	away  int  // Leaves without their Return
	steps int  // since the last wait
	state state
	self  waiter

	next  func() (struct{}, bool)
	stop  func()
	yield func(struct{}) bool
}

func newTask(l *Loop) *Task {
	t := &Task{loop: l}
	t.self.task = t
	t.next, t.stop = iter.Pull(t.run)
	return t
}

// run is the coroutine: one job after the other.
func (t *Task) run(yield func(struct{}) bool) {
	defer t.explain()
	t.yield = yield
	for {
		t.job.Run(t)
		t.job, t.away, t.steps = nil, 0, 0
		if !t.give(idle) {
			return
		}
	}
}

// explain gives a panic the stack that it came from. Go would show the loop's.
func (t *Task) explain() {
	if v := recover(); v != nil {
		panic(fmt.Sprintf("%v\n\n%s", v, debug.Stack()))
	}
}

// give switches back to who runs the task. It reports false at the end of the task.
func (t *Task) give(s state) bool {
	t.state = s
	return t.yield(struct{}{})
}

// Loop is where the task belongs; nil for a nil Task.
func (t *Task) Loop() *Loop {
	if t == nil {
		return nil
	}
	return t.loop
}

// On reports whether the task runs on its loop at the moment.
func (t *Task) On() bool { return t != nil && t.on }

// Leave goes on beside the loop: until the matching Return what runs may block. It
// costs the start of a goroutine. Pairs may stand inside each other.
func (t *Task) Leave() {
	if t == nil {
		return
	}
	if t.away++; t.away == 1 {
		t.give(leaving)
	}
}

// Return takes a Leave back; with the last of them the task is on its loop again.
func (t *Task) Return() {
	if t == nil {
		return
	}
	if t.away--; t.away == 0 {
		t.give(returning)
	}
}

// passAfter is how many steps a task takes at most before the others have their turn:
// some tenths of a millisecond.
const passAfter = 32

// Step counts some microseconds of work, as a system call on a socket is. Who has taken
// many steps without having to wait lets all others of the loop have their turn; so
// whoever may go on for long calls it each time. Beside the loop it does nothing.
func (t *Task) Step(steps int) {
	if !t.On() {
		return
	}
	if t.steps += steps; t.steps >= passAfter {
		t.steps = 0
		t.loop.post(errand{task: t})
		t.give(waiting)
	}
}

// runBeside runs a task beside its loop, until it returns or its job is done.
func (t *Task) runBeside() {
	defer t.loop.group.beside.Done()
	t.on = false
	t.next()
	if t.state == returning {
		t.loop.post(errand{task: t})
		return
	}
	t.stop()
}
