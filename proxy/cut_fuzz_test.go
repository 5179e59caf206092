package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// cutSeeds are streams of requests whose answers do not depend on time.
var cutSeeds = []string{
	get("/a?b"),
	get("/one") + get("/two") + lines("HEAD /three HTTP/1.1", "Host: a"),
	"\r\n\r\n" + get("/"),
	post("Content-Length: 5") + "hello" + get("/next"),
	post("Content-Length: 3") + "GET" + get("/next"),
	chunks("5;a=\"b\"\r\nhello\r\n1\r\n!\r\n0\r\nX-Sum: 6\r\n\r\n") + get("/next"),
	expecting("Content-Length: 5") + "hello",
	lines("GET http://b/x HTTP/1.1", "Host: a") + lines("OPTIONS * HTTP/1.1", "Host: a"),
	lines("GET / HTTP/1.0"),
	lines("GET / HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: websocket"),
	post("Content-Length: 5", "Transfer-Encoding: chunked") + "0\r\n\r\n" + get("/smuggled"),
	post("Transfer-Encoding: xchunked") + "0\r\n\r\n" + get("/smuggled"),
	chunks("5\r\nhello0\r\n\r\n") + get("/smuggled"),
	chunks("5\nhello\r\n0\r\n\r\n") + get("/smuggled"),
	"GET / HTTP/1.1\nHost: a\n\n" + get("/smuggled"),
	"GET / HTTP/1.1\r\nHost: a\r\n x\r\n\r\n",
	"GET / HTTP/1.1\r\n\r\n",
	"\x16\x03\x01\x02\x00",
	"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}

// FuzzInputCutAnywhere: what the engine makes of a stream of requests does not
// depend on how it was cut into segments, and a request that arrives upstream is
// one that net/http reads there.
func FuzzInputCutAnywhere(f *testing.F) {
	for _, seed := range cutSeeds {
		for at := range len(seed) {
			f.Add(seed, uint16(at))
		}
	}
	o := newOrigin(f, describing)
	r := start(f, func(p *parts) {
		once(p)
		p.limits.ReadHeaderTimeout, p.limits.Stall, p.limits.IdleTimeout = time.Second, time.Second, time.Second
	}, o)
	whole := map[string]string{} // of the seed that is being cut
	f.Fuzz(func(t *testing.T, input string, at uint16) {
		want, known := whole[input]
		if !known {
			clear(whole)
			want = conversation(t, r.addr, input)
			whole[input] = want
		}
		cut := min(int(at), len(input))
		if got := conversation(t, r.addr, input[:cut], input[cut:]); got != want {
			t.Errorf("cut at %d: %s\nwhole: %s", cut, got, want)
		}
	})
}

// describing answers each request with what it has read of it.
func describing(v *visit) {
	v.SetDeadline(time.Time{})
	for {
		req, body, err := v.continued()
		if err != nil {
			return
		}
		text := fmt.Sprintf("%s %s %s %q %v", req.Method, req.RequestURI, req.Host, body, req.Trailer)
		head := ok(fmt.Sprintf("Content-Length: %d", len(text)))
		if req.Method != "HEAD" {
			head += text
		}
		v.say(head)
	}
}

// conversation sends pieces and then asks for the end; it gives all answers.
func conversation(t *testing.T, addr string, pieces ...string) string {
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(patience))
	for i, piece := range append(pieces, lines("GET /end HTTP/1.1", "Host: a", "Connection: close")) {
		if i == 1 && len(piece)%2 == 0 {
			<-time.After(100 * time.Microsecond) // so that both ways of arriving are seen
		}
		if _, err := io.WriteString(nc, piece); err != nil {
			break // it has been refused
		}
	}
	var said strings.Builder
	for in := bufio.NewReader(nc); ; {
		res, err := http.ReadResponse(in, &http.Request{Method: "GET"})
		if err != nil {
			return said.String()
		}
		body, _ := io.ReadAll(res.Body) // an answer to HEAD seems cut, as it does whenever it is asked for
		if res.StatusCode != http.StatusContinue {
			fmt.Fprintf(&said, "%d %v %q\n", res.StatusCode, res.Close, body)
		}
	}
}
