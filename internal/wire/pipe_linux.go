package wire

import (
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

const haveSplice = true

const spliceFlags = unix.SPLICE_F_MOVE | unix.SPLICE_F_NONBLOCK

func openPipe() (ends, error) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return ends{}, os.NewSyscallError("pipe2", err)
	}
	_, _ = unix.FcntlInt(uintptr(fds[1]), unix.F_SETPIPE_SZ, pipeSize) // a smaller one will do
	return ends{fds[0], fds[1]}, nil
}

// close cannot fail for descriptors of our own; what they still hold is not wanted.
func (e ends) close() {
	_ = unix.Close(e.r)
	_ = unix.Close(e.w)
}

// take is the RawConn.Read callback: true ends the wait. The pipe is empty, so it
// is the socket that has nothing when the system says "again".
func (p *Pipe) take(fd uintptr) bool {
	n, err := splice(int(fd), p.ends.w, p.most)
	switch {
	case err == syscall.EAGAIN:
		return p.sips
	case err != nil:
		p.err = os.NewSyscallError("splice", err)
	case n == 0:
		p.err = io.EOF
	}
	p.held = n
	return true
}

// put is the RawConn.Write callback.
func (p *Pipe) put(fd uintptr) bool {
	for p.held > 0 {
		n, err := splice(p.ends.r, int(fd), p.held)
		switch {
		case err == syscall.EAGAIN:
			return false
		case err != nil:
			p.err = os.NewSyscallError("splice", err)
			return true
		}
		p.held -= n
		if p.moved != nil { // while a slow reader takes it, it is seen to
			p.moved.Add(int64(n))
		}
	}
	return true
}

func splice(from, to, most int) (int, error) {
	for {
		n, err := unix.Splice(from, nil, to, nil, most, spliceFlags)
		if err != unix.EINTR {
			return max(int(n), 0), err
		}
	}
}
