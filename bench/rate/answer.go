package main

import (
	"bytes"
	"fmt"
	"strconv"
)

// complete reports whether the bytes are a whole answer with status 200.
func complete(answer []byte) (bool, error) {
	head, body, found := bytes.Cut(answer, []byte("\r\n\r\n"))
	if !found {
		return false, nil
	}
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 200")) {
		line, _, _ := bytes.Cut(head, []byte("\r\n"))
		return false, fmt.Errorf("the answer is %q", line)
	}
	const name = "\r\ncontent-length:"
	at := bytes.Index(bytes.ToLower(head), []byte(name))
	if at < 0 {
		return false, fmt.Errorf("the answer has no Content-Length")
	}
	value, _, _ := bytes.Cut(head[at+len(name):], []byte("\r\n"))
	length, err := strconv.Atoi(string(bytes.TrimSpace(value)))
	if err != nil {
		return false, fmt.Errorf("the answer's Content-Length: %w", err)
	}
	return len(body) >= length, nil
}
