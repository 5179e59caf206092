package loop

import (
	"errors"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pingap-go/internal/testkit"
)

const patience = 10 * time.Second

func start(t testing.TB, n int) *Group {
	t.Helper()
	g, err := New(n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	return g
}

// socket is one end of a pair that the loop watches, and the other end.
func socket(t testing.TB, l *Loop) (s *Socket, peer *os.File) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	s = new(Socket)
	if err := l.Add(s, fds[0]); err != nil {
		t.Fatal(err)
	}
	peer = os.NewFile(uintptr(fds[1]), "peer")
	t.Cleanup(func() { _ = s.Close(); peer.Close() })
	return s, peer
}

// job is a function as a Job.
type job func(*Task)

func (j job) Run(t *Task) { j(t) }

// do runs f on the loop and waits until it is done.
func do(t testing.TB, l *Loop, f func(*Task)) {
	t.Helper()
	done := begin(l, f)
	await(t, done)
}

func begin(l *Loop, f func(*Task)) (done chan struct{}) {
	done = make(chan struct{})
	l.Start(job(func(t *Task) { f(t); close(done) }))
	return done
}

func await(t testing.TB, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatal("it did not end")
	}
}

// read waits for up to n bytes.
func read(s *Socket, t *Task, n int) (string, error) {
	p := make([]byte, n)
	for {
		m, err := unix.Read(int(s.FD()), p)
		if err != syscall.EAGAIN {
			return string(p[:max(m, 0)]), err
		}
		if err := s.WaitRead(t); err != nil {
			return "", err
		}
	}
}

func say(t testing.TB, peer *os.File, text string) {
	t.Helper()
	if _, err := peer.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func TestTasksWaitBesideEachOther(t *testing.T) {
	testkit.Census(t)
	l := start(t, 1).Least()
	var all []chan struct{}
	var peers []*os.File
	for range 20 {
		s, peer := socket(t, l)
		peers = append(peers, peer)
		all = append(all, begin(l, func(task *Task) {
			for range 50 {
				got, err := read(s, task, 8)
				if _, werr := unix.Write(int(s.FD()), []byte(got)); err != nil || werr != nil || !task.On() {
					t.Errorf("%q, %v, %v, on the loop: %v", got, err, werr, task.On())
				}
			}
		}))
	}
	for range 50 {
		for _, p := range peers {
			say(t, p, "ping")
		}
		for _, p := range peers {
			var b [8]byte
			p.SetReadDeadline(time.Now().Add(patience))
			if n, err := p.Read(b[:]); err != nil || string(b[:n]) != "ping" {
				t.Fatalf("%q, %v", b[:n], err)
			}
		}
	}
	for _, done := range all {
		await(t, done)
	}
}

func TestWhatBlocksLeavesTheLoop(t *testing.T) {
	testkit.Census(t)
	l := start(t, 1).Least()
	gate := make(chan struct{})
	left := make(chan struct{})
	blocked := begin(l, func(task *Task) {
		task.Leave()
		task.Leave() // pairs may nest
		close(left)
		<-gate
		task.Return()
		if task.On() {
			t.Error("on the loop, with a Leave that stands")
		}
		task.Return()
		if !task.On() {
			t.Error("not on the loop after the last Return")
		}
	})
	await(t, left)
	do(t, l, func(*Task) {}) // the loop goes on
	close(gate)
	await(t, blocked)
}

func TestATaskMayEndBesideItsLoop(t *testing.T) {
	testkit.Census(t)
	l := start(t, 1).Least()
	do(t, l, func(task *Task) { task.Leave() })
	do(t, l, func(task *Task) {
		if !task.On() {
			t.Error("the next job does not run on the loop")
		}
	})
}

func TestWhoPassesLetsOthersRun(t *testing.T) {
	testkit.Census(t)
	l := start(t, 1).Least()
	var other atomic.Bool
	hog := begin(l, func(task *Task) {
		l.Start(job(func(*Task) { other.Store(true) }))
		for !other.Load() {
			task.Step(passAfter)
		}
	})
	await(t, hog)
}

func TestNewConnectionsGoWhereThereAreFewest(t *testing.T) {
	testkit.Census(t)
	g := start(t, 3)
	for range 30 {
		socket(t, g.Least())
	}
	for _, l := range g.loops {
		if n := l.sockets.Load(); n != 10 {
			t.Errorf("loop %d has %d of 30", l.Index(), n)
		}
	}
	g.Use(1)
	for range 5 {
		if l := g.Least(); l.Index() != 0 {
			t.Errorf("loop %d of one that is used", l.Index())
		}
	}
}

// A page of a panic must name who panicked, and not only the loop.
func TestAPanicKeepsItsStack(t *testing.T) {
	l := start(t, 1).Least()
	task := newTask(l)
	task.job = job(clumsy)
	defer func() {
		if text, _ := recover().(string); !strings.Contains(text, "oh no") || !strings.Contains(text, "clumsy") {
			t.Errorf("%s", text)
		}
	}()
	task.next()
}

func clumsy(*Task) { panic("oh no") }

func TestARestingLoopLetsItsTasksGo(t *testing.T) {
	l := start(t, 1).Least()
	var gate sync.WaitGroup
	gate.Add(1)
	var all []chan struct{}
	for range 10 {
		all = append(all, begin(l, func(task *Task) {
			task.Leave()
			gate.Wait()
			task.Return()
		}))
	}
	gate.Done()
	for _, done := range all {
		await(t, done)
	}
	testkit.Eventually(t, patience, func() error {
		buf := make([]byte, 1<<20)
		if n := strings.Count(string(buf[:runtime.Stack(buf, true)]), "loop.(*Task).run("); n > 0 {
			return errors.New("tasks without work")
		}
		return nil
	})
}

// socketsOf are both ends of a pair, on one loop.
// However deadlines, events and looks fall together, nobody who waits is forgotten and
// nobody is woken twice.
