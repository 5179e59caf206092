// Package loop runs connections on loops: each waits for its own sockets by a poller
// of its own and goes on with one of them at a time. A connection stays with its
// loop, and so with one core and its caches; what Go's scheduler would do for each
// wait is left out. That is how nginx and HAProxy work; here what waits is still
// written as one goroutine would be.
//
//	group, err := loop.New(2)           // two loops
//	l := group.Least()
//	err := l.Add(&socket, fd)           // from now on l watches it
//	l.Start(job)                        // job.Run(task) is called on l
//
//	func (j *job) Run(t *loop.Task) {   // on the loop, beside nobody
//		for {
//			n, err := read(fd)          // must not block
//			if err == EAGAIN {
//				err = socket.WaitRead(t) // others run meanwhile
//			}
//		}
//	}
//
// What runs on a loop holds up all that belongs to it. So it must not block but in
// this package's waits; what has to block (a connect, a queue, another goroutine)
// stands between Leave and Return and runs beside the loop meanwhile:
//
//	t.Leave()
//	nc, err := net.Dial(network, address)
//	t.Return()
//
// A task is a coroutine (iter.Pull): to wait is to switch back to its loop, and costs
// no more than a call of some functions. Tasks that have done their job take the next
// one, the one that was used last first.
//
// Sockets report edges: a wait ends when something has come since the socket was last
// looked at. Who waits must therefore have read until there was nothing more, which
// for TCP a read that left room says too (epoll(7)).
//
// There are loops on Linux only. Elsewhere, and where Go may run only one thread, New
// says so and connections go by Go's own poller.
package loop

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// spare is how many tasks without work a loop keeps.
const spare = 256

// How long a loop waits: one that was busy a moment ago for a millisecond without a
// word to Go's scheduler, which would prepare to give its processor away each time;
// then for as long as it takes. After a second it lets go of its spare tasks.
const (
	busyWait = time.Millisecond
	restWait = time.Second
)

// Loop is one of a Group. Its methods may be called from any goroutine.
type Loop struct {
	index   int
	group   *Group
	poll    *poller
	sockets atomic.Int64

	mu     sync.Mutex // guards inbox
	inbox  []errand
	called atomic.Bool // there is something in it, or the end has come
	waits  atomic.Bool // somebody who calls has to ring

	// Of the loop's goroutine alone.
	tasks []*Task  // without work
	taken []errand // the inbox before this one
	busy  bool
	woke  bool // goroutines, in this round
}

// errand is what a loop is asked to go on with: a task that waits, or a job to begin.
type errand struct {
	task *Task
	job  Job
}

// Index is the loop's place in its group, from 0 on.
func (l *Loop) Index() int { return l.index }

// Start has the loop run a job on one of its tasks.
func (l *Loop) Start(job Job) { l.post(errand{job: job}) }

// post has the loop go on with something.
func (l *Loop) post(e errand) {
	l.mu.Lock()
	l.inbox = append(l.inbox, e)
	l.mu.Unlock()
	l.call()
}

// call has the loop look around.
func (l *Loop) call() {
	l.called.Store(true)
	if l.waits.Load() {
		l.poll.ring()
	}
}

// run is the loop's goroutine.
func (l *Loop) run() {
	for !l.group.closed.Load() {
		for i := range l.wait() {
			l.deliver(l.poll.event(i))
		}
		if l.called.Load() {
			l.takeInbox()
		}
		if l.woke { // they may have no other thread to run on
			l.woke = false
			runtime.Gosched()
		}
	}
	l.dismiss()
}

// wait is how many events there are, after a wait for the first.
func (l *Loop) wait() (n int) {
	l.waits.Store(true)
	switch {
	case l.called.Load():
		n = l.poll.wait(0)
	case l.busy:
		n = l.poll.wait(busyWait)
		l.busy = n > 0
	case len(l.tasks) > 0:
		if n = l.poll.rest(restWait); n == 0 {
			l.dismiss()
		}
		l.busy = n > 0
	default:
		n = l.poll.rest(-1)
		l.busy = true
	}
	l.waits.Store(false)
	return n
}

// dismiss ends the tasks that have no work.
func (l *Loop) dismiss() {
	for i, t := range l.tasks {
		t.stop()
		l.tasks[i] = nil
	}
	l.tasks = l.tasks[:0]
}

// deliver goes on with those who wait for a socket. One that was closed meanwhile, or
// has moved, is of no concern here; if its descriptor has another owner by now, that
// one looks once in vain.
func (l *Loop) deliver(fd int, what readiness) {
	s := l.group.sockets.at(fd)
	if s == nil || s.loop.Load() != l {
		return
	}
	if what&ended != 0 {
		s.ended.Store(true)
	}
	if what&(readable|ended) != 0 {
		l.wake(s.read.fire())
	}
	if what&(writable|ended) != 0 {
		l.wake(s.write.fire())
	}
}

// wake goes on with who has waited, if anybody has.
func (l *Loop) wake(w *waiter) {
	switch {
	case w == nil:
	case w.job != nil:
		l.begin(w.job)
	case w.task != nil && w.task.loop == l:
		l.resume(w.task)
	default:
		w.wake()
		l.woke = true
	}
}

// takeInbox goes on with what was asked for. What is asked for meanwhile has to wait
// until the sockets were looked at.
func (l *Loop) takeInbox() {
	l.mu.Lock()
	l.taken, l.inbox = l.inbox, l.taken[:0]
	l.called.Store(false)
	l.mu.Unlock()
	for i, e := range l.taken {
		l.taken[i] = errand{}
		if e.job != nil {
			l.begin(e.job)
		} else {
			l.resume(e.task)
		}
	}
}

// begin runs a job on a task that has no work, or on a new one.
func (l *Loop) begin(job Job) {
	var t *Task
	if n := len(l.tasks); n > 0 {
		t, l.tasks = l.tasks[n-1], l.tasks[:n-1]
	} else {
		t = newTask(l)
	}
	t.job = job
	l.resume(t)
}

// resume runs a task until it waits.
func (l *Loop) resume(t *Task) {
	t.on = true
	t.next()
	switch t.state {
	case idle:
		if len(l.tasks) < spare {
			l.tasks = append(l.tasks, t)
		} else {
			t.stop()
		}
	case leaving:
		l.woke = true
		l.group.beside.Add(1)
		go t.runBeside()
	}
}
