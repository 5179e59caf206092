package wire

import (
	"errors"
	"io"
	"os"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// exhausted runs f with no descriptors to spare.
func exhausted(t *testing.T, f func()) {
	t.Helper()
	var was unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	restore := func() {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &was); err != nil {
			t.Error(err)
		}
	}
	defer restore()
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 1, Max: was.Max}); err != nil {
		t.Fatal(err)
	}
	f()
}

// stranger is a socket that got a number which has become free, and its peer.
func stranger(t *testing.T, number int) (peer *os.File) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	peer = os.NewFile(uintptr(fds[1]), "peer")
	own := fds[0]
	if own != number {
		own, err = unix.FcntlInt(uintptr(fds[0]), unix.F_DUPFD_CLOEXEC, number)
		_ = unix.Close(fds[0])
	}
	t.Cleanup(func() { _ = unix.Close(own); peer.Close() })
	if own != number || err != nil {
		t.Fatalf("the stranger is %d, want %d, %v", own, number, err)
	}
	return peer
}

// An Unloop that fails has closed the descriptor. Its number is soon another
// connection's, which must neither get bytes of this one nor lose its own.
func TestAFailedUnloopLeavesStrangersAlone(t *testing.T) {
	for name, use := range map[string]func(*pair) error{
		"Write":      func(p *pair) error { return p.Write([]byte("secret")) },
		"WriteParts": func(p *pair) error { return p.WriteParts([]byte("a"), []byte("secret"), nil) },
		"Fill":       func(p *pair) error { p.Stirred(); return p.Fill() },
		"Queue":      func(p *pair) error { p.Queue([]byte("secret")); return p.Fill() },
		"CloseWrite": func(p *pair) error { return p.CloseWrite() },
		"Sever":      func(p *pair) error { return p.Sever() },
		"Close":      func(p *pair) error { return p.Close() },
		"Abort":      func(p *pair) error { return p.Abort() },
		"Pipe": func(p *pair) error {
			pipe, err := TakePipe()
			if err != nil {
				return nil // which the test complains of
			}
			defer pipe.Give()
			return p.at.do(func() error { _, err := pipe.From(p.Conn, 1); return err }, p.Conn)
		},
	} {
		for before, prepare := range map[string]func(*pair){
			"at once": func(*pair) {}, "after Resume": func(p *pair) { p.Interrupt(); p.Resume() },
		} {
			t.Run(name+" "+before, func(t *testing.T) {
				p := onLoop(t).pair(t)
				number := int(p.own.FD())
				exhausted(t, func() {
					if err := p.at.do(p.Unloop, p.Conn); !errors.Is(err, syscall.EMFILE) {
						t.Errorf("Unloop: %v", err)
					}
				})
				peer := stranger(t, number)
				said(t, peer, "for the stranger")
				prepare(p)
				if err := await(t, later(func() error { return use(p) })); err == nil || err == io.EOF {
					t.Errorf("got %v", err)
				}
				if got := p.Buffered(); len(got) > 0 {
					t.Errorf("it has read %q", got)
				}
				_ = p.Close()
				untouched(t, number, peer)
			})
		}
	}
}

func said(t *testing.T, peer *os.File, text string) {
	t.Helper()
	if _, err := peer.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// untouched says that the stranger is open, has all that was sent to it and has sent
// nothing.
func untouched(t *testing.T, number int, peer *os.File) {
	t.Helper()
	var b [64]byte
	if n, err := unix.Read(number, b[:]); err != nil || string(b[:n]) != "for the stranger" {
		t.Errorf("the stranger got %q, %v", b[:max(n, 0)], err)
	}
	if n, _, err := unix.Recvfrom(int(peer.Fd()), b[:], unix.MSG_DONTWAIT); err != syscall.EAGAIN {
		t.Errorf("the stranger's peer got %q, %v", b[:max(n, 0)], err)
	}
}
