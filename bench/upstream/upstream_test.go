package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

func TestUpstreamAnswersWhatTheRowsAskFor(t *testing.T) {
	for _, c := range []struct {
		name, request string
		status        int
		length        int64
	}{
		{"small", "GET /x HTTP/1.1\r\nHost: a\r\n\r\n", 200, 3},
		{"10 KB", "GET /bytes/10240 HTTP/1.1\r\nHost: a\r\n\r\n", 200, 10240},
		{"head given back", "GET /headers HTTP/1.1\r\nHost: a\r\n\r\n", 200, 34},
		{"body with a length", "POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", 200, 3},
		{"body in chunks", "POST /up HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 200, 3},
		{"tunnel", "GET /t HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Key: a\r\n\r\n", 101, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			ours, theirs := net.Pipe()
			defer ours.Close()
			_ = ours.SetDeadline(time.Now().Add(5 * time.Second))
			go serve(theirs, newAnswers())
			go io.WriteString(ours, c.request+"GET /x HTTP/1.1\r\n\r\n")

			in := bufio.NewReader(ours)
			answer, err := http.ReadResponse(in, nil)
			if err != nil {
				t.Fatal(err)
			}
			if answer.StatusCode != c.status || answer.StatusCode == 200 && answer.ContentLength != c.length {
				t.Fatalf("status %d with %d bytes", answer.StatusCode, answer.ContentLength)
			}
			if _, err := io.Copy(io.Discard, io.LimitReader(answer.Body, c.length)); err != nil {
				t.Fatal(err)
			}
			// What follows is the next request's, or comes back through the tunnel.
			want := "HTTP/1.1 200"
			if c.status == 101 {
				want = "GET /x HTTP/"
			}
			next := make([]byte, len(want))
			if _, err := io.ReadFull(in, next); err != nil || string(next) != want {
				t.Errorf("afterwards came %q, %v", next, err)
			}
		})
	}
}
