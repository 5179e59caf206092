package main

import (
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// load is what to send where.
type load struct {
	addr, path  string
	rate        float64
	connections int
	warmup      time.Duration // requests that are due in it are sent and not counted
	duration    time.Duration // comes after the warm-up; what is due in it counts
}

// run drives all connections through the warm-up and the time that counts.
func (l load) run() outcome {
	interval := time.Duration(float64(time.Second) * float64(l.connections) / l.rate)
	start := time.Now().Add(50 * time.Millisecond)
	outcomes := make(chan outcome)
	for i := range l.connections {
		first := start.Add(interval * time.Duration(i) / time.Duration(l.connections))
		go l.report(first, start.Add(l.warmup), interval, outcomes)
	}
	var all outcome
	for range l.connections {
		all.join(<-outcomes)
	}
	return all
}

// report drives one connection and says what it saw.
func (l load) report(first, counted time.Time, interval time.Duration, to chan<- outcome) {
	to <- l.drive(first, counted, interval)
}

// drive sends one connection's requests, one every interval; those due from
// counted on are in the outcome. All that are due are sent, however late: to leave
// out those that a stall at the end holds up would leave out the stall.
func (l load) drive(due, counted time.Time, interval time.Duration) outcome {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	// The default slack lets the kernel wake this thread 50 µs late.
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)

	client, err := dial(l.addr)
	if err != nil {
		return outcome{err: err}
	}
	defer client.close()
	request := fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: bench.test\r\nUser-Agent: rate\r\nAccept: */*\r\n\r\n", l.path)
	var o outcome
	for end := counted.Add(l.duration); due.Before(end); due = due.Add(interval) {
		wait := time.Until(due)
		if wait > 0 {
			sleep(wait)
		}
		sent := time.Now()
		if err := client.exchange(request); err != nil {
			return outcome{err: err}
		}
		if !due.Before(counted) {
			o.take(due, sent, time.Now(), wait <= 0)
		}
	}
	return o
}

// sleep waits by the kernel's clock, which is finer than the runtime's.
func sleep(d time.Duration) {
	left := unix.NsecToTimespec(int64(d))
	for unix.ClockNanosleep(unix.CLOCK_MONOTONIC, 0, &left, &left) == unix.EINTR {
	}
}

// client is one connection on a blocking socket.
type client struct {
	fd  int
	buf []byte
}

func dial(addr string) (*client, error) {
	to, err := netip.ParseAddrPort(addr)
	if err != nil {
		return nil, err
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open socket: %w", err)
	}
	timeout := unix.NsecToTimeval(int64(10 * time.Second))
	err = errors.Join(
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1),
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout),
		unix.Connect(fd, &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}),
	)
	if err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("connect to %s: %w", addr, err)
	}
	return &client{fd: fd, buf: make([]byte, 16<<10)}, nil
}

func (c *client) close() { _ = unix.Close(c.fd) }

// exchange sends one request and reads its answer to the end.
func (c *client) exchange(request []byte) error {
	if _, err := unix.Write(c.fd, request); err != nil {
		return fmt.Errorf("send request: %w", err)
	}
	got := 0
	for {
		n, err := unix.Read(c.fd, c.buf[got:])
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return fmt.Errorf("read answer: %w", err)
		case n == 0:
			return errors.New("read answer: the proxy closed the connection")
		}
		got += n
		whole, err := complete(c.buf[:got])
		if whole || err != nil {
			return err
		}
	}
}
