//go:build unix && !linux

package wire

import "syscall"

func readFD(fd uintptr, p []byte) (int, error) {
	for {
		n, err := syscall.Read(int(fd), p)
		if err != syscall.EINTR {
			return n, err
		}
	}
}

func writeFD(fd uintptr, p []byte) (int, error) {
	for {
		n, err := syscall.Write(int(fd), p)
		if err != syscall.EINTR {
			return n, err
		}
	}
}

func writePartsFD(fd uintptr, parts [][]byte) (int, error) { return writeFD(fd, parts[0]) }

// peekFD looks at the next byte without taking it.
func peekFD(fd uintptr) (int, error) {
	var b [1]byte
	for {
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		if err != syscall.EINTR {
			return n, err
		}
	}
}

// endedFD would look for an end behind bytes that are unread; only Linux can.
func endedFD(uintptr) bool { return false }
