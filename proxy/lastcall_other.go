//go:build unix && !linux

package proxy

// bar would drop whoever knocks at a listening socket from now on; only Linux can.
func bar(int) {}
