package main

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
)

// maxHead bounds a request's head. The proxies send far less.
const maxHead = 32 << 10

// answers maps a path to a whole response, head and body in one slice.
type answers map[string][]byte

func newAnswers() answers {
	a := answers{"": answer([]byte("ok\n"))}
	for _, size := range []int{10 << 10, 100 << 10, 10 << 20} {
		body := bytes.Repeat([]byte("0123456789abcde\n"), size/16)
		a[fmt.Sprintf("/bytes/%d", size)] = answer(body)
	}
	return a
}

func answer(body []byte) []byte {
	head := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n", len(body))
	return append([]byte(head), body...)
}

// serve answers the requests of one connection until it ends.
func serve(client net.Conn, canned answers) {
	defer client.Close()
	in := bufio.NewReaderSize(client, maxHead)
	for {
		head, err := readHead(in)
		if err != nil {
			return
		}
		if key := field(head, "sec-websocket-key"); key != "" {
			tunnel(client, in, key)
			return
		}
		reply := respond(head, canned)
		if err := skipBody(in, head); err != nil {
			return
		}
		if _, err := client.Write(reply); err != nil {
			return
		}
	}
}

// readHead gives one request's head with its empty line. The slice is good
// until the next read.
func readHead(in *bufio.Reader) ([]byte, error) {
	if _, err := in.Peek(1); err != nil {
		return nil, err
	}
	for {
		buffered, _ := in.Peek(in.Buffered())
		if end := bytes.Index(buffered, []byte("\r\n\r\n")); end >= 0 {
			_, err := in.Discard(end + 4)
			return buffered[:end+4], err
		}
		if len(buffered) == maxHead {
			return nil, errors.New("head too large")
		}
		if _, err := in.Peek(len(buffered) + 1); err != nil {
			return nil, err
		}
	}
}

// respond chooses the canned answer of a head's path.
func respond(head []byte, canned answers) []byte {
	_, rest, _ := bytes.Cut(head, []byte(" "))
	path, _, _ := bytes.Cut(rest, []byte(" "))
	if reply, ok := canned[string(path)]; ok {
		return reply
	}
	if string(path) == "/headers" {
		return answer(bytes.Clone(head))
	}
	return canned[""]
}

// field is the value of the first field of that lower-case name, or "".
func field(head []byte, name string) string {
	for line := range bytes.Lines(head) {
		if len(line) > len(name) && line[len(name)] == ':' && strings.EqualFold(string(line[:len(name)]), name) {
			return strings.TrimSpace(string(line[len(name)+1:]))
		}
	}
	return ""
}

// skipBody reads a request's body away. GETs come here without the search.
func skipBody(in *bufio.Reader, head []byte) error {
	if head[0] == 'G' {
		return nil
	}
	if strings.EqualFold(field(head, "transfer-encoding"), "chunked") {
		return skipChunks(in)
	}
	length, _ := strconv.ParseInt(field(head, "content-length"), 10, 64)
	_, err := io.CopyN(io.Discard, in, length)
	return err
}

func skipChunks(in *bufio.Reader) error {
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(strings.TrimSpace(string(line)), 16, 64)
		if err != nil {
			return err
		}
		if _, err := io.CopyN(io.Discard, in, size+2); err != nil {
			return err
		}
		if size == 0 {
			return nil
		}
	}
}

// tunnel accepts a WebSocket (RFC 6455 section 4.2.2) and echoes its bytes.
func tunnel(client net.Conn, in *bufio.Reader, key string) {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	_, err := fmt.Fprintf(client, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"+
		"Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", base64.StdEncoding.EncodeToString(sum[:]))
	if err == nil {
		_, _ = io.Copy(client, in) // a broken tunnel is the proxy's to report
	}
}
