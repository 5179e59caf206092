package wire

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The sockets never block, so these calls need not tell the scheduler that a
// thread may be gone for long: RawSyscall spares the hand-over of the processor
// that Syscall prepares for, as the runtime's own poller does. recv and send go to the
// socket by a shorter way through the kernel than read and write, which are for any
// file: some percent of a small request.

func readFD(fd uintptr, p []byte) (int, error) { return rawIO(syscall.SYS_RECVFROM, fd, p, 0) }

func writeFD(fd uintptr, p []byte) (int, error) {
	return rawIO(syscall.SYS_SENDTO, fd, p, syscall.MSG_NOSIGNAL)
}

// writePartsFD sends the first parts, as many as one call takes.
func writePartsFD(fd uintptr, parts [][]byte) (int, error) {
	var vec [3]unix.Iovec
	n := min(len(parts), len(vec))
	for i, p := range parts[:n] {
		vec[i].Base = unsafe.SliceData(p)
		vec[i].SetLen(len(p))
	}
	message := unix.Msghdr{Iov: &vec[0]}
	message.SetIovlen(n)
	return rawCall(syscall.SYS_SENDMSG, fd, unsafe.Pointer(&message), syscall.MSG_NOSIGNAL, 0)
}

// peekFD looks at the next byte without taking it.
func peekFD(fd uintptr) (int, error) {
	var b [1]byte
	return rawIO(syscall.SYS_RECVFROM, fd, b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
}

// endedFD looks whether the peer has ended its side, behind bytes that are unread.
func endedFD(fd uintptr) bool {
	p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
	n, err := unix.Poll(p, 0)
	return err == nil && n > 0
}

func rawIO(call, fd uintptr, p []byte, flags uintptr) (int, error) {
	return rawCall(call, fd, unsafe.Pointer(unsafe.SliceData(p)), uintptr(len(p)), flags)
}

// rawCall makes a system call that moves bytes of a socket to or from what at points at.
func rawCall(call, fd uintptr, at unsafe.Pointer, third, fourth uintptr) (int, error) {
	for {
		n, _, errno := syscall.RawSyscall6(call, fd, uintptr(at), third, fourth, 0, 0)
		switch errno {
		case 0:
			return int(n), nil
		case syscall.EINTR:
		case syscall.EAGAIN:
			return 0, syscall.EAGAIN // boxed once by the package, unlike errno
		default:
			return 0, errno
		}
	}
}
