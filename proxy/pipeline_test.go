package proxy_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pingap-go/internal/wire"
)

// named answers each request with its own path.
func named(v *visit) {
	for {
		req, _, err := v.request()
		if err != nil {
			return
		}
		v.say(ok(fmt.Sprintf("Content-Length: %d", len(req.URL.Path))) + req.URL.Path)
	}
}

func TestPipelinedRequestsAreAnsweredInOrder(t *testing.T) {
	const count = 50
	r := start(t, nil, newOrigin(t, named))
	requests := make([]string, count)
	for i := range requests {
		requests[i] = get(fmt.Sprintf("/%d", i))
		if i%3 == 1 {
			requests[i] = lines(fmt.Sprintf("POST /%d HTTP/1.1", i), "Host: a", "Content-Length: 5") + "hello"
		}
		if i%3 == 2 {
			requests[i] = lines(fmt.Sprintf("POST /%d HTTP/1.1", i), "Host: a", "Transfer-Encoding: chunked") + "5\r\nhello\r\n0\r\n\r\n"
		}
	}
	for name, send := range map[string]func(c *client){
		"in one segment": func(c *client) { c.send(strings.Join(requests, "")) },
		"in segments of their own": func(c *client) {
			for _, request := range requests {
				c.send(request)
				<-time.After(200 * time.Microsecond)
			}
		},
		"in segments of 7 bytes": func(c *client) {
			for all := strings.Join(requests, ""); all != ""; all = all[min(7, len(all)):] {
				c.send(all[:min(7, len(all))])
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := r.dial(t)
			began := time.Now()
			send(c)
			for i := range count {
				if a := c.answer("GET"); a.StatusCode != 200 || a.body != fmt.Sprintf("/%d", i) {
					t.Fatalf("answer %d: status %d, body %q", i, a.StatusCode, a.body)
				}
			}
			// A blind wait may miss the second request, once a connection.
			if took := time.Since(began); took > 6*wire.Tick+time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// While an answer is waited for, the next request comes: before the proxy waits
// for it, so that nothing is left to wake it. The watchdog has to find the first
// such request; the others must not need it.
func TestPipelinedRequestsDoNotStall(t *testing.T) {
	const pairs = 20
	o := newOrigin(t, func(v *visit) {
		for {
			if _, _, err := v.request(); err != nil {
				return
			}
			<-time.After(2 * time.Millisecond)
			v.say(hello)
		}
	})
	c := start(t, nil, o).dial(t)
	var took []time.Duration
	for range pairs {
		began := time.Now()
		c.send(get("/"))
		<-time.After(500 * time.Microsecond)
		c.send(get("/"))
		c.answer("GET")
		c.answer("GET")
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	t.Logf("a pair of requests, 2 ms each, takes %v, at most %v", took[pairs/2], took[pairs-1])
	if took[pairs/2] >= wire.Tick {
		t.Error("the connection stalls until the watchdog looks")
	}
}

func TestPipelineEndsWithTheFirstRefusal(t *testing.T) {
	requests := make(chan *http.Request, 10)
	r := start(t, nil, newOrigin(t, seen(requests, hello)))
	c := r.dial(t)
	c.send(get("/first") + lines("GET /bad HTTP/1.1") + get("/third"))
	if a := c.answer("GET"); a.StatusCode != 200 {
		t.Errorf("status %d", a.StatusCode)
	}
	c.refused("GET", 400, "bad_request")
	if req := <-requests; req.URL.Path != "/first" || len(requests) > 0 {
		t.Errorf("the upstream got %s and %d more", req.URL.Path, len(requests))
	}
}

// The answer does not depend on how the request was cut into segments.
func TestRequestsCutAnywhereAreTheSame(t *testing.T) {
	o := newOrigin(t, func(v *visit) {
		for {
			req, body, err := v.request()
			if err != nil {
				return
			}
			text := fmt.Sprintf("%s %s %s %q %s %v", req.Method, req.RequestURI, req.Host, body, req.Header.Get("X-Test"), req.Trailer)
			v.say(ok(fmt.Sprintf("Content-Length: %d", len(text))) + text)
		}
	})
	r := start(t, nil, o)
	for name, request := range map[string]string{
		"get":         lines("GET /a?b HTTP/1.1", "Host: a", "X-Test: yes"),
		"empty lines": "\r\n\r\n" + lines("GET /a?b HTTP/1.1", "Host: a", "X-Test: yes"),
		"length":      lines("POST / HTTP/1.1", "Host: a", "Content-Length: 5", "X-Test: yes") + "hello",
		"chunks": lines("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked", "X-Test: yes") +
			"5;a=\"b\"\r\nhello\r\n1\r\n!\r\n0\r\nX-Sum: 6\r\n\r\n",
		"refused": lines("GET / HTTP/1.1", "Host: a", "Content-Length: 5", "Transfer-Encoding: chunked"),
	} {
		t.Run(name, func(t *testing.T) {
			whole := r.dial(t)
			whole.send(request)
			want := whole.answer("POST")
			c := r.dial(t)
			for at := 1; at < len(request); at++ {
				c.send(request[:at])
				if at%2 == 0 {
					<-time.After(300 * time.Microsecond) // so that both ways of arriving are seen
				}
				c.send(request[at:])
				got := c.answer("POST")
				if got.StatusCode != want.StatusCode || got.Close != want.Close || got.body != want.body {
					t.Fatalf("cut at %d: %d %q, whole: %d %q", at, got.StatusCode, got.body, want.StatusCode, want.body)
				}
				if got.Close {
					c = r.dial(t)
				}
			}
		})
	}
}

// Nor does it depend on how the answer was cut.
func TestAnswersCutAnywhereAreTheSame(t *testing.T) {
	for name, answer := range map[string]string{
		"length":  ok("Content-Length: 5", "X-Test: yes") + "hello",
		"chunks":  ok("Transfer-Encoding: chunked", "X-Test: yes") + "4;x\r\nhell\r\n1\r\no\r\n0\r\nX-Sum: 5\r\n\r\n",
		"interim": lines("HTTP/1.1 102 Processing") + ok("Content-Length: 5", "X-Test: yes") + "hello",
	} {
		t.Run(name, func(t *testing.T) {
			at := make(chan int, 1)
			o := newOrigin(t, func(v *visit) {
				for {
					if _, _, err := v.request(); err != nil {
						return
					}
					n := <-at
					v.say(answer[:n])
					<-time.After(300 * time.Microsecond)
					v.say(answer[n:])
				}
			})
			c := start(t, once, o).dial(t)
			for n := range len(answer) {
				at <- n
				if a := c.ask(get("/"), 200); a.body != "hello" || a.Header.Get("X-Test") != "yes" || a.Close {
					t.Fatalf("cut at %d: body %q, header %v", n, a.body, a.Header)
				}
			}
			if o.connections() != 1 {
				t.Errorf("%d connections", o.connections())
			}
		})
	}
}
