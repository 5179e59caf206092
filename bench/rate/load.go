package main

import (
	"context"
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
}

// outcome is what one connection saw.
type outcome struct {
	samples []time.Duration
	late    int
	err     error
}

// run drives all connections until ctx ends.
func (l load) run(ctx context.Context) (samples []time.Duration, late int, err error) {
	interval := time.Duration(float64(time.Second) * float64(l.connections) / l.rate)
	start := time.Now().Add(50 * time.Millisecond)
	outcomes := make(chan outcome)
	for i := range l.connections {
		first := start.Add(interval * time.Duration(i) / time.Duration(l.connections))
		go l.report(ctx, first, interval, outcomes)
	}
	for range l.connections {
		o := <-outcomes
		samples = append(samples, o.samples...)
		late += o.late
		err = errors.Join(err, o.err)
	}
	return samples, late, err
}

// report drives one connection and says what it saw.
func (l load) report(ctx context.Context, first time.Time, interval time.Duration, to chan<- outcome) {
	to <- l.drive(ctx, first, interval)
}

// drive sends one connection's requests, one every interval.
func (l load) drive(ctx context.Context, due time.Time, interval time.Duration) outcome {
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
	for ctx.Err() == nil {
		from := due
		if wait := time.Until(due); wait > 0 {
			sleep(wait)
			from = time.Now()
		} else {
			o.late++
		}
		if err := client.exchange(request); err != nil {
			o.err = err
			return o
		}
		o.samples = append(o.samples, time.Since(from))
		due = due.Add(interval)
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
