package loop

import (
	"encoding/binary"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// poller is an epoll instance and a bell (eventfd) to end its waits. Only its loop
// waits; the rest may be called from any goroutine.
type poller struct {
	epoll, bell int
	events      [most]unix.EpollEvent
}

func newPoller() (*poller, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	bell, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		_ = unix.Close(epoll)
		return nil, os.NewSyscallError("eventfd", err)
	}
	p := &poller{epoll: epoll, bell: bell}
	if err := p.control(unix.EPOLL_CTL_ADD, bell, unix.EPOLLIN|unix.EPOLLET); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *poller) control(operation, fd int, events uint32) error {
	err := unix.EpollCtl(p.epoll, operation, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)})
	return os.NewSyscallError("epoll_ctl", err)
}

// add has edges of fd reported; what it is ready for already is one. Urgent bytes
// (EPOLLPRI) matter as they cut reads short.
func (p *poller) add(fd int) error {
	return p.control(unix.EPOLL_CTL_ADD, fd, unix.EPOLLIN|unix.EPOLLPRI|unix.EPOLLOUT|unix.EPOLLRDHUP|unix.EPOLLET)
}

// remove cannot fail for a descriptor that was added.
func (p *poller) remove(fd int) { _ = p.control(unix.EPOLL_CTL_DEL, fd, 0) }

// wait waits for up to d, whole milliseconds, and answers how many events there are.
// Go's scheduler is not told, so that its processor is not given away and taken back
// each time; a signal, by which Go stops all that runs, ends the wait.
func (p *poller) wait(d time.Duration) int {
	n, _, errno := syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.epoll), uintptr(unsafe.Pointer(&p.events)), most,
		uintptr(d.Milliseconds()), 0, 0)
	if errno != 0 { // interrupted
		return 0
	}
	return int(n)
}

// rest is wait for long times, and for ever (-1): the processor is others' meanwhile.
func (p *poller) rest(d time.Duration) int {
	timeout := -1
	if d >= 0 {
		timeout = int(d.Milliseconds())
	}
	n, err := unix.EpollWait(p.epoll, p.events[:], timeout)
	if err != nil { // interrupted
		return 0
	}
	return n
}

// event is the i-th of the last wait. The bell's says nothing of any socket.
func (p *poller) event(i int) (fd int, what readiness) {
	e := &p.events[i]
	if e.Events&unix.EPOLLIN != 0 {
		what |= readable
	}
	if e.Events&unix.EPOLLOUT != 0 {
		what |= writable
	}
	if e.Events&(unix.EPOLLPRI|unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		what |= ended
	}
	return int(e.Fd), what
}

// ring ends a wait, also one that is about to begin. The bell is never read: each time
// it is rung is an edge.
func (p *poller) ring() {
	var once [8]byte
	binary.NativeEndian.PutUint64(once[:], 1)
	_, _ = unix.Write(p.bell, once[:]) // fails only when it was rung 2^64 times
}

func (p *poller) close() {
	_ = unix.Close(p.bell)
	_ = unix.Close(p.epoll)
}

func closeFD(fd int) error { return os.NewSyscallError("close", unix.Close(fd)) }
