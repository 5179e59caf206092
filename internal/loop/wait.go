package loop

import "sync"

// waiter is who waits for a socket. Whoever takes it off the side where it stands has
// to wake it, once.
type waiter struct {
	job   Job           // to be begun on the loop
	task  *Task         // to be resumed there
	awake chan struct{} // of a goroutine beside all loops; room for one
}

// goroutines that wait use these one after the other.
var waiters = sync.Pool{New: func() any { return &waiter{awake: make(chan struct{}, 1)} }}

// wake may be called from any goroutine.
func (w *waiter) wake() {
	if w.task != nil {
		w.task.loop.post(errand{task: w.task})
		return
	}
	w.awake <- struct{}{}
}

// Waiter is a job that waits for a socket, in memory of its owner's.
type Waiter struct{ waiter }

// Await has job begun on the socket's loop once there is something to read, or the
// deadline has passed. It reports false, and does nothing, where that is so already.
// w is the socket's until then.
func (s *Socket) Await(w *Waiter, job Job) bool {
	w.job = job
	return s.stands(&s.read, &w.waiter, noReads)
}

// WaitRead waits until there may be something to read. The error is
// os.ErrDeadlineExceeded when the deadline has passed, net.ErrClosed after Close.
// t is the caller's task: nil, or beside its loop, for a goroutine that may block.
func (s *Socket) WaitRead(t *Task) error { return s.wait(&s.read, t, noReads) }

// WaitWrite is WaitRead for room to write.
func (s *Socket) WaitWrite(t *Task) error { return s.wait(&s.write, t, noWrites) }

func (s *Socket) wait(d *side, t *Task, kind uint32) error {
	if t.On() {
		if s.stands(d, &t.self, kind) {
			t.give(waiting)
			t.steps = 0
		}
		return s.fate(kind)
	}
	w := waiters.Get().(*waiter)
	if s.stands(d, w, kind) {
		<-w.awake
	}
	waiters.Put(w)
	return s.fate(kind)
}

// stands has w wait. It reports false where there is nothing to wait for.
func (s *Socket) stands(d *side, w *waiter, kind uint32) bool {
	if !d.arm(w) {
		return false
	}
	return s.expired.Load()&kind == 0 || !d.withdraw(w)
}
