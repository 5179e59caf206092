package loop

import (
	"errors"
	"net"
	"os"
	"runtime"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"pingap-go/internal/testkit"
)

func TestDeadlinesEndWaits(t *testing.T) {
	testkit.Census(t)
	l := start(t, 1).Least()
	for _, c := range []struct {
		name string
		with func(*Task)
	}{{"on the loop", func(*Task) {}}, {"beside it", (*Task).Leave}} {
		t.Run(c.name, func(t *testing.T) {
			s, peer := socket(t, l)
			begun := make(chan struct{})
			done := begin(l, func(task *Task) {
				c.with(task)
				close(begun)
				if _, err := read(s, task, 1); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("a wait: %v", err)
				}
				if err := s.WaitRead(task); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("a later wait: %v", err)
				}
				s.Extend()
				if got, err := read(s, task, 1); got != "x" || err != nil {
					t.Errorf("with the deadline taken back: %q, %v", got, err)
				}
			})
			await(t, begun)
			s.Expire()
			testkit.Eventually(t, patience, func() error {
				if s.MayRead() != nil {
					return errors.New("it is not taken back")
				}
				return nil
			})
			say(t, peer, "x")
			await(t, done)
		})
	}
}

func TestAJobWaitsForItsSocket(t *testing.T) {
	testkit.Census(t)
	l := start(t, 1).Least()
	for name, event := range map[string]func(*Socket, *os.File){
		"something to read": func(_ *Socket, peer *os.File) { peer.WriteString("x") },
		"the end":           func(_ *Socket, peer *os.File) { peer.Close() },
		"a deadline":        func(s *Socket, _ *os.File) { s.Expire() },
	} {
		t.Run(name, func(t *testing.T) {
			s, peer := socket(t, l)
			var w Waiter
			done := make(chan struct{})
			do(t, l, func(*Task) {
				if !s.Await(&w, job(func(*Task) { close(done) })) {
					t.Error("nothing has happened, and it does not wait")
				}
			})
			event(s, peer)
			await(t, done)
			if name == "a deadline" && s.Await(&w, job(func(*Task) {})) {
				t.Error("the deadline has passed, and it waits")
			}
		})
	}
}

func TestASocketMoves(t *testing.T) {
	testkit.Census(t)
	g := start(t, 2)
	from, to := g.loops[0], g.loops[1]
	s, peer := socket(t, from)
	say(t, peer, "before")
	if err := s.Move(to); err != nil {
		t.Fatal(err)
	}
	do(t, to, func(task *Task) {
		got, err := read(s, task, 6)
		if got != "before" || err != nil || s.Loop() != task.Loop() {
			t.Errorf("%q, %v", got, err)
		}
	})
	done := begin(to, func(task *Task) {
		if got, err := read(s, task, 6); got != "after" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	})
	say(t, peer, "after")
	await(t, done)
	if a, b := from.sockets.Load(), to.sockets.Load(); a != 0 || b != 1 {
		t.Errorf("the loops count %d and %d sockets", a, b)
	}
}

func TestCloseEndsWaits(t *testing.T) {
	testkit.Census(t)
	l := start(t, 1).Least()
	s, _ := socket(t, l)
	done := begin(l, func(task *Task) {
		if _, err := read(s, task, 1); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%v", err)
		}
	})
	do(t, l, func(*Task) {})
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	await(t, done)
	if err := s.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed twice: %v", err)
	}
	if err := s.Control(func(uintptr) { t.Error("somebody else's descriptor") }); !errors.Is(err, net.ErrClosed) {
		t.Errorf("%v", err)
	}
}

func TestWaitsAllocateNothing(t *testing.T) {
	g := start(t, 1)
	a, b := socketsOf(t, g.Least())
	var allocs float64
	do(t, g.Least(), func(task *Task) {
		one := []byte{1}
		allocs = testing.AllocsPerRun(1000, func() {
			g.Least().Start(ringer{b})
			for {
				if _, err := unix.Read(int(a.FD()), one); err != syscall.EAGAIN {
					return
				}
				if a.WaitRead(task) != nil {
					return
				}
			}
		})
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func socketsOf(t testing.TB, l *Loop) (a, b *Socket) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	a, b = new(Socket), new(Socket)
	for i, s := range []*Socket{a, b} {
		if err := l.Add(s, fds[i]); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
	}
	return a, b
}

// ringer is a job that sends a byte.
type ringer struct{ s *Socket }

var oneByte = []byte{1}

func (r ringer) Run(*Task) { _, _ = unix.Write(int(r.s.FD()), oneByte) }

func TestNoWakeIsLost(t *testing.T) {
	testkit.Census(t)
	g := start(t, 2)
	for _, beside := range []bool{false, true} {
		s, peer := socket(t, g.Least())
		const bytes = 5000
		done := begin(s.Loop(), func(task *Task) {
			if beside {
				task.Leave()
			}
			for n := 0; n < bytes; {
				got, err := read(s, task, 3)
				if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Error(err)
					return
				}
				n += len(got)
				if err != nil {
					s.Extend()
				}
			}
		})
		stop := make(chan struct{})
		var noise sync.WaitGroup
		noise.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					s.Expire()
					runtime.Gosched()
				}
			}
		})
		for range bytes {
			say(t, peer, "x")
		}
		await(t, done)
		close(stop)
		noise.Wait()
	}
}
