package http1_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pingap-go/message"
	"pingap-go/proxy/http1"
)

// TestOthersReadTheSame sends messages that we accept, each with a second
// request right behind it, through nginx and HAProxy. They may refuse what we
// accept; but what they pass on must be what we understood.
func TestOthersReadTheSame(t *testing.T) {
	dir, err := os.MkdirTemp("", "http1") // unix socket paths are short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	seen := record(t, filepath.Join(dir, "upstream"))
	messages := append(acceptedMessages(), mutations(300)...)
	peers := map[string]func(*testing.T, string) string{"nginx": nginx, "haproxy": haproxy}
	for name, start := range peers {
		t.Run(name, func(t *testing.T) {
			socket, passed := start(t, dir), 0
			for _, m := range messages {
				theirs := seen.during(func() { send(t, socket, m.wire+marker) })
				if len(theirs) > 0 && theirs[0] != m.ours {
					t.Errorf("for %q\nwe read  %s\nthey read %s", m.wire, m.ours, theirs[0])
				}
				if len(theirs) > 2 || len(theirs) == 2 && theirs[1] != `GET example.com /marker? ""` {
					t.Errorf("for %q they read %q", m.wire, theirs)
				}
				passed += min(1, len(theirs))
			}
			t.Logf("%d of %d messages were passed on", passed, len(messages))
			if passed < len(messages)/2 {
				t.Errorf("too few to mean anything")
			}
		})
	}
}

const marker = "GET /marker HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n"

// accepted is a message as sent, and what we make of it.
type accepted struct{ wire, ours string }

// understood is what peers have to agree upon.
func understood(req *message.Request, body string) string {
	return fmt.Sprintf("%s %s %s?%s %q", req.Method, strings.ToLower(req.Host()), req.Path, req.Query, body)
}

// read is a message made of head and body, if we accept it and it ends with body.
func read(head, body string) (m accepted, ok bool) {
	var req message.Request
	if http1.ParseRequest(head, &req, nil) != nil || req.Authority == "" {
		return m, false // without Host, each peer makes one up
	}
	data := body
	if req.ContentLength < 0 {
		var d http1.Chunked
		data = ""
		for rest := []byte(body); !d.Done(); {
			piece, n, err := d.Decode(rest)
			if err != nil || n == 0 || d.Done() && n < len(rest) {
				return m, false
			}
			data += string(piece)
			rest = rest[n:]
		}
	} else if int(req.ContentLength) != len(body) {
		return m, false
	}
	return accepted{head + body, understood(&req, data)}, true
}

// acceptedMessages are those of the rule tables.
func acceptedMessages() (all []accepted) {
	bodies := append(http1.AcceptedBodies(), "", "xxxxx", "0123456789")
	for _, head := range http1.AcceptedHeads() {
		for _, body := range bodies {
			if m, ok := read(head, body); ok {
				all = append(all, m)
			}
		}
	}
	return all
}

// mutations are n messages that we accept although something was spliced into
// them. They are the same every time.
func mutations(n int) (all []accepted) {
	random := rand.New(rand.NewPCG(9112, 9110))
	pieces := []string{
		"\r\n", "\r", "\n", " ", "\t", "\x00", "\x0b", ":", ",", ";", "=", "\"", "0", "5", "_", "-", "x", "\xff", "%2e", "%2F", "%00", "/", "/..", "/./",
		"?", "#", "\\", "@", "HTTP/1.0", "HTTP/1.1", "http://a", "chunked", "A: b\r\n", "Content-Length: 5\r\n", "Content_Length: 5\r\n",
		"Content-Length: 0\r\n", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: identity\r\n", "Host: b\r\n",
		"Connection: Content-Length\r\n", "Connection: close\r\n", "Expect: 100-continue\r\n", "Upgrade: h2c\r\n", "TE: trailers\r\n",
		"0\r\n\r\n", "5\r\nhello\r\n", "1;a=b\r\nx\r\n",
	}
	heads, bodies := http1.AcceptedHeads(), append(http1.AcceptedBodies(), "", "xxxxx")
	heads = slices.DeleteFunc(heads, func(head string) bool { return len(head) > 1000 })
	for len(all) < n {
		head, body := heads[random.IntN(len(heads))], bodies[random.IntN(len(bodies))]
		for range 1 + random.IntN(3) {
			at, piece := random.IntN(len(head)+len(body)), pieces[random.IntN(len(pieces))]
			if at < len(head) {
				head = head[:at] + piece + head[at:]
			} else {
				body = body[:at-len(head)] + piece + body[at-len(head):]
			}
		}
		if m, ok := read(head, body); ok && !strings.Contains(m.wire, "/marker") {
			all = append(all, m)
		}
	}
	return all
}
