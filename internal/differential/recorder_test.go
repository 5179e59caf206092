package differential

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// message is one request as the upstream read it.
type message struct {
	head string // with its empty line
	body string
}

func (m message) method() string {
	method, _, _ := strings.Cut(m.head, " ")
	return method
}

// framing says what two readers must agree on. Targets are left out: a proxy may
// normalise the path.
func (m message) framing() string { return fmt.Sprintf("%s with body %q", m.method(), m.body) }

// record is what reached an upstream.
type record struct {
	bytes    int
	messages []message
	// garbage is why the bytes that came are no messages, "" when they are.
	garbage string
}

// recorder is an upstream that reads by the letter of RFC 9112, answers every
// complete request with 200 and keeps what came.
type recorder struct {
	addr string

	mu   sync.Mutex
	seen record
}

// startRecorder listens until the test ends.
func startRecorder(t *testing.T) *recorder {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{addr: listener.Addr().String()}
	var wait sync.WaitGroup
	wait.Go(func() { r.accept(listener, &wait) })
	t.Cleanup(func() {
		_ = listener.Close()
		wait.Wait()
	})
	return r
}

func (r *recorder) accept(listener net.Listener, wait *sync.WaitGroup) {
	for {
		proxy, err := listener.Accept()
		if err != nil {
			return
		}
		wait.Go(func() { r.serve(proxy) })
	}
}

// take gives what came since the last call.
func (r *recorder) take() record {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := r.seen
	r.seen = record{}
	return seen
}

func (r *recorder) serve(proxy net.Conn) {
	defer proxy.Close()
	// Every proxy is stopped before its recorder; the bound is for a bug.
	_ = proxy.SetDeadline(time.Now().Add(2 * time.Minute))
	in := bufio.NewReader(counting{proxy, r})
	for {
		m, err := readMessage(in)
		if err != nil {
			r.finish(err)
			return
		}
		r.mu.Lock()
		r.seen.messages = append(r.seen.messages, m)
		r.mu.Unlock()
		answer := "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"
		if m.method() != "HEAD" {
			answer += "ok\n"
		}
		if _, err := io.WriteString(proxy, answer); err != nil {
			return
		}
	}
}

// finish keeps the reason when a connection ended because of what was on it.
func (r *recorder) finish(err error) {
	var wrong malformed
	if errors.As(err, &wrong) {
		r.mu.Lock()
		r.seen.garbage = err.Error()
		r.mu.Unlock()
	}
}

// counting counts the bytes that a recorder is sent.
type counting struct {
	net.Conn
	r *recorder
}

func (c counting) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.r.mu.Lock()
	c.r.seen.bytes += n
	c.r.mu.Unlock()
	return n, err
}

// malformed is a message that is none, as opposed to one that was cut off.
type malformed string

func (m malformed) Error() string { return string(m) }

func readMessage(in *bufio.Reader) (message, error) {
	head, err := readHead(in)
	if err != nil {
		return message{}, err
	}
	body, err := readBody(in, head)
	return message{head: head, body: body}, err
}

func readHead(in *bufio.Reader) (string, error) {
	var head strings.Builder
	for {
		line, err := readLine(in)
		if err != nil {
			return "", err
		}
		head.WriteString(line + "\r\n")
		if line == "" {
			return head.String(), nil
		}
	}
}

// readLine wants CRLF, and no CR or LF elsewhere.
func readLine(in *bufio.Reader) (string, error) {
	line, err := in.ReadString('\n')
	if err != nil {
		return "", err
	}
	line, found := strings.CutSuffix(line, "\r\n")
	if !found || strings.Contains(line, "\r") {
		return "", malformed(fmt.Sprintf("a line ends without CRLF: %q", line))
	}
	return line, nil
}

// readBody goes by the framing fields, of which there must be at most one.
func readBody(in *bufio.Reader, head string) (string, error) {
	lengths, codings := values(head, "content-length"), values(head, "transfer-encoding")
	switch {
	case len(lengths)+len(codings) > 1:
		return "", malformed(fmt.Sprintf("framing is said more than once in %q", head))
	case len(codings) == 1:
		if !strings.EqualFold(codings[0], "chunked") {
			return "", malformed("transfer coding " + codings[0])
		}
		return readChunks(in)
	case len(lengths) == 1:
		length, err := strconv.ParseUint(lengths[0], 10, 32)
		if err != nil {
			return "", malformed("length " + lengths[0])
		}
		body := make([]byte, length)
		_, err = io.ReadFull(in, body)
		return string(body), err
	}
	return "", nil
}

func readChunks(in *bufio.Reader) (string, error) {
	var body bytes.Buffer
	for {
		line, err := readLine(in)
		if err != nil {
			return "", err
		}
		size, err := strconv.ParseUint(line, 16, 32)
		if err != nil {
			return "", malformed(fmt.Sprintf("chunk size %q", line))
		}
		if size == 0 {
			_, err := readHead(in) // the trailer section ends like a head
			return body.String(), err
		}
		if _, err := io.CopyN(&body, in, int64(size)); err != nil {
			return "", err
		}
		if end, err := readLine(in); err != nil || end != "" {
			return "", errors.Join(malformed("a chunk is longer than its size"), err)
		}
	}
}

// values are those of all fields of that lower-case name.
func values(head, name string) []string {
	var all []string
	for line := range strings.SplitSeq(head, "\r\n") {
		if n, value, found := strings.Cut(line, ":"); found && strings.EqualFold(n, name) {
			all = append(all, strings.TrimSpace(value))
		}
	}
	return all
}
