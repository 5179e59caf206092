package proxy_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"pingap-go/upstream"
)

// upload is a body of n bytes that do not repeat.
func upload(n int) []byte {
	b := make([]byte, n)
	sum := sha256.Sum256(nil)
	for at := 0; at < n; at += copy(b[at:], sum[:]) {
		sum = sha256.Sum256(sum[:])
	}
	return b
}

// chunked is body in chunks of size bytes.
func chunked(body []byte, size int) string {
	var b strings.Builder
	for len(body) > 0 {
		n := min(size, len(body))
		fmt.Fprintf(&b, "%x\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	return b.String() + "0\r\n\r\n"
}

func TestUploadsOfAllSizesArriveWhole(t *testing.T) {
	o := newOrigin(t, func(v *visit) {
		for {
			req, body, err := v.request()
			if err != nil {
				return
			}
			sum := fmt.Sprintf("%x", sha256.Sum256([]byte(body)))
			v.say(ok("Content-Length: 64", "X-Length: "+fmt.Sprint(req.ContentLength)) + sum)
		}
	})
	r := start(t, nil, o)
	c := r.dial(t)
	for _, n := range []int{1, 4 << 10, 16<<10 - 100, 16 << 10, 17 << 10, 64<<10 - 1, 64 << 10, 65 << 10, 1 << 20} {
		body := upload(n)
		sum := fmt.Sprintf("%x", sha256.Sum256(body))
		a := c.ask(post(fmt.Sprintf("Content-Length: %d", n))+string(body), 200)
		if a.body != sum || a.Header.Get("X-Length") != fmt.Sprint(n) {
			t.Errorf("%d bytes with a length: sum %s, length %s", n, a.body, a.Header.Get("X-Length"))
		}
		a = c.ask(chunks(chunked(body, 5000)), 200)
		if a.body != sum || a.Header.Get("X-Length") != "-1" {
			t.Errorf("%d bytes in chunks: sum %s, length %s", n, a.body, a.Header.Get("X-Length"))
		}
	}
	if n := o.connections(); n != 1 {
		t.Errorf("%d connections to the upstream", n)
	}
}

// refusal is an answer that need not wait for the content of its request.
var refusal = lines("HTTP/1.1 413 Content Too Large", "Content-Length: 3") + "no!"

// An upstream need not read an upload to refuse it. The client, which is still
// sending, must get to read the answer.
func TestEarlyAnswerToAnUploadIsHeard(t *testing.T) {
	body := upload(8 << 20) // more than the system buffers for a reader that does not read
	request := post(fmt.Sprintf("Content-Length: %d", len(body))) + string(body)
	for name, after := range map[string]func(*visit){
		"and closes": func(*visit) {},
		"and waits":  func(v *visit) { <-v.origin.ending },
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrigin(t, func(v *visit) {
				if v.number > 0 {
					always(hello)(v)
				} else if _, err := v.head(); err == nil {
					v.say(refusal)
					after(v)
				}
			})
			r := start(t, nil, o)
			c := r.dial(t)
			var sending sync.WaitGroup
			sending.Go(func() { io.WriteString(c.Conn, request) }) // fails when the proxy has had enough
			if a := c.answer("POST"); a.StatusCode != 413 || a.body != "no!" || !a.Close || a.err != nil {
				t.Errorf("status %d, body %q, close %v, %v", a.StatusCode, a.body, a.Close, a.err)
			}
			c.Close()
			sending.Wait()
			r.dial(t).open("/next") // over a connection of its own
		})
	}
}

// An upstream may refuse an upload and read it all the same (RFC 9112 section
// 9.3). Whether the proxy is done with sending by the time it sees the answer is
// chance: either it says that it closes the client's connection, and does, or
// the whole request has passed and the connection serves on.
func TestEarlyAnswerOfAnUpstreamThatReadsOn(t *testing.T) {
	body := upload(8 << 20)
	o := newOrigin(t, func(v *visit) {
		for {
			req, err := v.head()
			if err != nil {
				return
			}
			if req.Method == "GET" {
				v.say(hello)
				continue
			}
			v.say(refusal)
			if n, err := io.Copy(io.Discard, req.Body); err != nil || n != int64(len(body)) {
				return // the proxy has given up the rest
			}
		}
	})
	r := start(t, nil, o)
	c := r.dial(t)
	var sending sync.WaitGroup
	sending.Go(func() { io.WriteString(c.Conn, post(fmt.Sprintf("Content-Length: %d", len(body)))+string(body)) })
	a := c.answer("POST")
	if a.StatusCode != 413 || a.body != "no!" || a.err != nil {
		t.Errorf("status %d, body %q, %v", a.StatusCode, a.body, a.err)
	}
	if a.Close {
		c.Close()
	}
	sending.Wait()
	if !a.Close {
		c.open("/same")
	}
	r.dial(t).open("/other")
}

// An upstream that answers before it has the whole request may read the rest of
// it, or take that for another request. So its connection serves nobody else,
// though in the end all has been sent; nor does the client's, which had to be told
// before that was known.
func TestConnectionsOfAnEarlyAnswerAreNotUsedAgain(t *testing.T) {
	for name, request := range map[string]struct{ head, first, rest string }{
		"length":  {post("Content-Length: 10"), "hello", "world"},
		"chunked": {post("Transfer-Encoding: chunked"), "5\r\nhello\r\n", "5\r\nworld\r\n0\r\n\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrigin(t, func(v *visit) {
				for {
					req, err := v.head()
					if err != nil {
						return
					}
					v.say(ok("Transfer-Encoding: chunked") + "2\r\nok\r\n")
					io.Copy(io.Discard, req.Body)
					v.say("0\r\n\r\n")
				}
			})
			r := start(t, func(p *parts) { p.pool.Retry = upstream.Retry{Attempts: 1} }, o) // nothing is held back
			c := r.dial(t)
			c.send(request.head + request.first)
			res := c.head("POST")
			c.send(request.rest)
			if body, err := io.ReadAll(res.Body); res.StatusCode != 200 || string(body) != "ok" || err != nil || !res.Close {
				t.Errorf("status %d, body %q, %v, close %v", res.StatusCode, body, err, res.Close)
			}
			c.over()
			r.dial(t).open("/next")
			if n := o.connections(); n != 2 {
				t.Fatalf("%d connections to the upstream", n)
			}
			<-o.visit(t, 0).done
		})
	}
}

// echo answers with what it gets, while it gets it.
func echo(v *visit) {
	for {
		req, err := v.head()
		if err != nil {
			return
		}
		v.say(ok("Transfer-Encoding: chunked"))
		if _, err := io.Copy(chunkWriter{v}, req.Body); err != nil {
			return
		}
		v.say("0\r\n\r\n")
	}
}

type chunkWriter struct{ v *visit }

func (w chunkWriter) Write(p []byte) (int, error) {
	_, err := fmt.Fprintf(w.v.Conn, "%x\r\n%s\r\n", len(p), p)
	return len(p), err
}

func TestBodiesStreamBothWaysAtOnce(t *testing.T) {
	r := start(t, nil, newOrigin(t, echo))
	c := r.dial(t)
	c.send(post("Transfer-Encoding: chunked"))
	c.send("5\r\nhello\r\n")
	res := c.head("POST")
	got := make([]byte, 5)
	for range 20 { // each piece comes back before the next is sent
		if _, err := io.ReadFull(res.Body, got); err != nil || string(got) != "hello" {
			t.Fatalf("got %q, %v", got, err)
		}
		c.send("5\r\nhello\r\n")
	}
	c.send("0\r\n\r\n")
	if rest, err := io.ReadAll(res.Body); string(rest) != "hello" || err != nil {
		t.Errorf("rest %q, %v", rest, err)
	}
}

// Nobody reads more than fits while it is sending: a proxy that reads one side
// only after it has written to the other would stand still for ever.
func TestLargeBodiesStreamBothWaysAtOnce(t *testing.T) {
	r := start(t, nil, newOrigin(t, echo))
	body := upload(6 << 20)
	for name, request := range map[string]string{
		"length":  post(fmt.Sprintf("Content-Length: %d", len(body))) + string(body),
		"chunked": chunks(chunked(body, 100_000)),
	} {
		t.Run(name, func(t *testing.T) {
			c := r.dial(t)
			var sending sync.WaitGroup
			sending.Go(func() { c.send(request) })
			a := c.answer("POST")
			sending.Wait()
			if a.err != nil || !bytes.Equal([]byte(a.body), body) {
				t.Errorf("%d bytes of %d came back, %v", len(a.body), len(body), a.err)
			}
		})
	}
}

// The time for an answer begins with the end of the request.
func TestSlowUploadMayTakeLongerThanTheAnswer(t *testing.T) {
	r := start(t, func(p *parts) {
		once(p)
		p.location.ResponseTimeout = 200 * time.Millisecond
	}, newOrigin(t, always(hello)))
	c := r.dial(t)
	c.send(post("Content-Length: 100000"))
	piece := string(upload(10_000))
	for range 10 {
		<-time.After(60 * time.Millisecond)
		c.send(piece)
	}
	if a := c.answer("POST"); a.StatusCode != 200 {
		t.Errorf("status %d %q", a.StatusCode, a.body)
	}
}

func TestBodyOverTheLimitIsRefused(t *testing.T) {
	o := newOrigin(t, always(hello))
	r := start(t, func(p *parts) { p.location.MaxBody = 1000 }, o)
	for name, tt := range map[string]struct {
		request string
		status  int
	}{
		"length at the limit":   {post("Content-Length: 1000") + string(upload(1000)), 200},
		"length over it":        {post("Content-Length: 1001") + string(upload(1001)), 413},
		"huge length, no body":  {post("Content-Length: 99999999999"), 413},
		"chunks at the limit":   {chunks(chunked(upload(1000), 100)), 200},
		"chunks over it":        {chunks(chunked(upload(1001), 100)), 413},
		"many chunks over it":   {chunks(chunked(upload(900_000), 1000)), 413},
		"one chunk too large":   {chunks("fffffff\r\n" + string(upload(100_000))), 413},
		"length with an expect": {expecting("Content-Length: 1001"), 413},
	} {
		t.Run(name, func(t *testing.T) {
			c := r.dial(t)
			if tt.status == 200 {
				c.ask(tt.request, 200)
				return
			}
			io.WriteString(c.Conn, tt.request)
			c.refused("POST", 413, "body_too_large")
		})
	}
}

func TestTrailersPassByTheRules(t *testing.T) {
	got := make(chan *http.Request, 1)
	o := newOrigin(t, func(v *visit) {
		for {
			req, _, err := v.request()
			if err != nil {
				return
			}
			got <- req
			v.say(ok("Transfer-Encoding: chunked", "Trailer: X-Sum") + "5\r\nhello\r\n0\r\nX-Sum: 7\r\nContent-Length: 9\r\nSet-Cookie: a\r\n\r\n")
		}
	})
	r := start(t, nil, o)
	request := lines("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked", "Trailer: X-Sum", "TE: trailers", "Connection: TE") +
		"5\r\nhello\r\n0\r\nX-Sum: 5\r\nHost: evil\r\nContent-Length: 9\r\nTransfer-Encoding: x\r\nAuthorization: me\r\n\r\n"
	c := r.dial(t)
	a := c.ask(request, 200)
	if sum := a.Trailer.Get("X-Sum"); sum != "7" || len(a.Trailer) != 1 {
		t.Errorf("the client got trailers %v", a.Trailer)
	}
	req := <-got
	if req.Trailer.Get("X-Sum") != "5" || len(req.Trailer) != 1 || req.Host != "a" || req.Header.Get("TE") != "trailers" {
		t.Errorf("the upstream got trailers %v, host %q, TE %q", req.Trailer, req.Host, req.Header.Get("TE"))
	}
	if a := c.ask(strings.Replace(request, "TE: trailers\r\nConnection: TE\r\n", "", 1), 200); len(a.Trailer) != 0 {
		t.Errorf("a client that did not ask got trailers %v", a.Trailer)
	}
	if req := <-got; req.Header.Get("TE") != "" {
		t.Errorf("the upstream was told TE %q", req.Header.Get("TE"))
	}
}
