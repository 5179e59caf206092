package differential

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strconv"
	"time"
)

// How long the client waits: for a first answer, which a busy machine may delay,
// for more once there was one, and for what is still on its way to the upstream.
const (
	patience = 5 * time.Second
	quiet    = 300 * time.Millisecond
	settle   = 100 * time.Millisecond
)

// outcome is what a proxy made of an input, seen from both sides.
type outcome struct {
	// statuses are those of the answers, interim ones left out.
	statuses []int
	closed   bool
	upstream record
}

// refused reports whether the last answer, or the lack of one before the
// connection was closed, says no.
func (o outcome) refused() bool {
	if len(o.statuses) == 0 {
		return o.closed
	}
	return o.statuses[len(o.statuses)-1] >= 400
}

// try sends the input of a case over a new connection.
func (p *proxy) try(lane int, c testCase) (outcome, error) {
	var o outcome
	conn, err := net.Dial("tcp", p.addrs[lane])
	if err != nil {
		return o, err
	}
	defer conn.Close()
	_ = conn.SetWriteDeadline(time.Now().Add(patience))
	// A proxy that refuses early may close before it has all.
	_, _ = io.WriteString(conn, c.input)
	wait := patience
	if c.want == cutOff {
		wait = quiet
	}
	received, closed := readAll(conn, wait)
	_ = conn.Close()
	o.statuses, o.closed = statuses(received), closed
	time.Sleep(settle) // whether anything arrives is the question
	o.upstream = p.recorders[lane].take()
	return o, nil
}

// readAll reads until the connection is closed or nothing more comes.
func readAll(conn net.Conn, wait time.Duration) (received []byte, closed bool) {
	buffer := make([]byte, 64<<10)
	for {
		_ = conn.SetReadDeadline(time.Now().Add(wait))
		n, err := conn.Read(buffer)
		received = append(received, buffer[:n]...)
		if err != nil {
			var timeout net.Error
			return received, !errors.As(err, &timeout) || !timeout.Timeout()
		}
		wait = quiet
	}
}

// statuses finds the status lines among the bytes. All bodies are the recorder's
// or a proxy's own pages, which have no such line.
func statuses(received []byte) []int {
	var all []int
	for line := range bytes.Lines(received) {
		at := bytes.Index(line, []byte("HTTP/1."))
		if at < 0 || len(line) < at+12 {
			continue
		}
		status, err := strconv.Atoi(string(line[at+9 : at+12]))
		if err == nil && status >= 200 {
			all = append(all, status)
		}
	}
	return all
}
