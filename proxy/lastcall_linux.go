package proxy

import "golang.org/x/sys/unix"

// bar has the system drop whoever knocks at a listening TCP socket from now on,
// by a socket filter that passes nothing. A client that is dropped knocks again
// after a second, and is refused then, instead of being let in and reset.
// Where it does not work the door just closes.
func bar(fd int) {
	nothing := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K}
	_ = unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &nothing})
}
