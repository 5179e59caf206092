package proxy_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"pingap-go/upstream"
)

// frames is a conversation in HTTP/2 frames with the proxy as the client.
type frames struct {
	*http2.Framer
	t testing.TB
}

// inFrames makes a script of what is answered to each request. serve gets the
// stream's number and whether its content has ended.
func inFrames(t testing.TB, serve func(f *frames, number int, h *http2.MetaHeadersFrame), settings ...http2.Setting) func(*visit) {
	return func(v *visit) {
		preface := make([]byte, len(http2.ClientPreface))
		if _, err := io.ReadFull(v.r, preface); err != nil || string(preface) != http2.ClientPreface {
			t.Errorf("the connection begins with %q, %v", preface, err)
			return
		}
		f := &frames{http2.NewFramer(v.Conn, v.r), t}
		f.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
		_ = f.WriteSettings(settings...)
		for number := 0; ; {
			frame, err := f.ReadFrame()
			if err != nil {
				return
			}
			switch frame := frame.(type) {
			case *http2.SettingsFrame:
				if !frame.IsAck() {
					_ = f.WriteSettingsAck()
				}
			case *http2.PingFrame:
				if !frame.IsAck() {
					_ = f.WritePing(true, frame.Data)
				}
			case *http2.MetaHeadersFrame:
				serve(f, number, frame)
				number++
			}
		}
	}
}

// head sends a response's head, made of pairs.
func (f *frames) head(stream uint32, end bool, pairs ...string) {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for i := 0; i < len(pairs); i += 2 {
		_ = encoder.WriteField(hpack.HeaderField{Name: pairs[i], Value: pairs[i+1]})
	}
	_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block.Bytes(), EndHeaders: true, EndStream: end})
}

// wellSpoken answers every request with 200 and no content.
func wellSpoken(f *frames, _ int, h *http2.MetaHeadersFrame) {
	f.head(h.StreamID, true, ":status", "200")
}

// overTwo has the pool speak HTTP/2 with prior knowledge.
func overTwo(p *parts) { p.pool.Protocol = upstream.HTTP2 }

func TestHostsThatHaveNotBegunAreNoReasonToFail(t *testing.T) {
	for name, refuse := range map[string]func(f *frames, number int, h *http2.MetaHeadersFrame){
		"the stream is refused": func(f *frames, _ int, h *http2.MetaHeadersFrame) {
			_ = f.WriteRSTStream(h.StreamID, http2.ErrCodeRefusedStream)
		},
		"the connection goes away before it": func(f *frames, _ int, h *http2.MetaHeadersFrame) {
			_ = f.WriteGoAway(h.StreamID-1, http2.ErrCodeNo, nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			bad := newOrigin(t, inFrames(t, refuse))
			good := newOrigin(t, inFrames(t, wellSpoken))
			c := start(t, overTwo, bad, good).dial(t)
			for range 2 { // round robin: one of these begins with the bad one
				c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
				if a := c.answer("POST"); a.err != nil || a.StatusCode != 200 {
					t.Errorf("%v, %v", a.Response, a.err)
				}
			}
		})
	}
}

// A connection that goes away is replaced by another one to the same host, also
// for what may not be sent twice, and the host is not blamed.
func TestGoAwayIsNoFailure(t *testing.T) {
	turns := 0
	o := newOrigin(t, func(v *visit) {
		inFrames(t, func(f *frames, number int, h *http2.MetaHeadersFrame) {
			if turns++; number == 1 {
				_ = f.WriteGoAway(1, http2.ErrCodeNo, nil)
				return
			}
			wellSpoken(f, number, h)
		})(v)
	})
	r := start(t, func(p *parts) { overTwo(p); p.pool.Retry.Attempts = 1 }, o)
	c := r.dial(t)
	for i := range 5 {
		c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
		if a := c.answer("POST"); a.err != nil || a.StatusCode != 200 {
			t.Fatalf("request %d: %v, %v", i, a.Response, a.err)
		}
	}
	if turns != 9 { // all but the first met a connection that was about to go
		t.Errorf("5 requests were made in %d tries", turns)
	}
}

func TestAnswersThatBreakTheRulesOfHTTP2(t *testing.T) {
	for name, pairs := range map[string][]string{
		"no status":         {"server", "x"},
		"a status in words": {":status", "good"},
		"two lengths":       {":status", "200", "content-length", "1", "content-length", "2"},
		"an endless status": {":status", "2000"},
		"an early status":   {":status", "42"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrigin(t, inFrames(t, func(f *frames, _ int, h *http2.MetaHeadersFrame) { f.head(h.StreamID, false, pairs...) }))
			c := start(t, func(p *parts) { overTwo(p); p.pool.Retry.Attempts = 1 }, o).dial(t)
			c.send(get("/"))
			if a := c.answer("GET"); a.err != nil || a.StatusCode != 502 || a.Header.Get("X-Pingap-EType") != "bad_response" {
				t.Errorf("%v, %v", a.Response, a.err)
			}
		})
	}
}

// What is no HTTP/2 at all is the host's mistake, or that of who wrote alpn = "h2",
// and no connection that was broken off.
func TestHostsThatDoNotSpeakHTTP2(t *testing.T) {
	for name, said := range map[string]string{
		"HTTP/1":              "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
		"a frame out of turn": "\x00\x00\x08\x06\x00\x00\x00\x00\x00pingpong",
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrigin(t, func(v *visit) {
				_, _ = io.ReadFull(v.r, make([]byte, len(http2.ClientPreface)))
				_, _ = io.WriteString(v.Conn, said)
				_, _ = io.Copy(io.Discard, v.r)
			})
			c := start(t, func(p *parts) { overTwo(p); p.pool.Retry.Attempts = 1 }, o).dial(t)
			c.send(get("/"))
			if a := c.answer("GET"); a.err != nil || a.StatusCode != 502 || a.Header.Get("X-Pingap-EType") != "bad_response" {
				t.Errorf("%v, %v", a.Response, a.err)
			}
		})
	}
}

// An answer that ends before the content has been sent ends the sending too.
func TestEarlyAnswersOverHTTP2(t *testing.T) {
	o := newOrigin(t, inFrames(t, func(f *frames, _ int, h *http2.MetaHeadersFrame) { f.head(h.StreamID, true, ":status", "403") }))
	c := start(t, overTwo, o).dial(t)
	c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nhello")
	a := c.answer("POST")
	if a.err != nil || a.StatusCode != 403 || !a.Close {
		t.Errorf("%v, %v", a.Response, a.err)
	}
}

func TestWebSocketNeedsHTTP1(t *testing.T) {
	o := newOrigin(t, inFrames(t, wellSpoken))
	c := start(t, overTwo, o).dial(t)
	c.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	if a := c.answer("GET"); a.err != nil || a.StatusCode != 502 || a.Header.Get("X-Pingap-EType") != "bad_response" {
		t.Errorf("%v, %v", a.Response, a.err)
	}
}

// client2 speaks HTTP/2 to a rig.
func (r *rig) client2(t testing.TB) *http.Client {
	transport := &http.Transport{Protocols: new(http.Protocols), DisableCompression: true}
	if r.tls != nil {
		transport.Protocols.SetHTTP2(true)
		transport.TLSClientConfig = clientTLS()
	} else {
		transport.Protocols.SetUnencryptedHTTP2(true)
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: patience}
}

// Content that stands still is refused, and an answer that nobody reads is given
// up, as in HTTP/1.
func TestSlowClientsOverHTTP2(t *testing.T) { everyTransport(t, slowClientsOverHTTP2) }

func slowClientsOverHTTP2(t *testing.T, on transport) {
	const stall = 200 * time.Millisecond
	both := func(p *parts) { p.limits.HTTP2, p.limits.Stall = true, stall }
	t.Run("content", func(t *testing.T) {
		o := newOrigin(t, always(hello))
		r := start(t, on(both), o)
		content, pen := io.Pipe()
		go func() { _, _ = io.WriteString(pen, "some") }()
		request, err := http.NewRequest("POST", r.url("/"), struct{ io.Reader }{content})
		if err != nil {
			t.Fatal(err)
		}
		request.ContentLength = 100
		began := time.Now()
		res, err := r.client2(t).Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		defer pen.Close() // first, for the client library waits for it
		if took := time.Since(began); res.StatusCode != 408 || took > patience/2 {
			t.Errorf("%d after %s", res.StatusCode, took)
		}
	})
	t.Run("an answer", func(t *testing.T) {
		size := 8 << 20
		o := newOrigin(t, always(ok("Content-Length: 8388608")+strings.Repeat("x", size)))
		r := start(t, on(both), o)
		res, err := r.client2(t).Get(r.url("/"))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		<-o.visit(t, 0).done // the proxy has let go, for the client reads nothing
		if n, err := io.Copy(io.Discard, res.Body); err == nil {
			t.Errorf("%d bytes look complete", n)
		}
	})
}

// Not every connection that begins with PRI speaks HTTP/2, and none does unless
// it is asked for.
func TestPrefaces(t *testing.T) {
	const preface = http2.ClientPreface
	for _, c := range []struct {
		name, sends string
		on          bool
		want        string
	}{
		{"where it is off", preface, false, "HTTP/1.1 505"},
		{"the first part only", "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", true, ""},
		{"not as the first request", get("/") + preface, true, "HTTP/1.1 200"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newOrigin(t, always(hello))
			client := start(t, func(p *parts) { p.limits.HTTP2 = c.on }, o).dial(t)
			client.send(c.sends)
			got, err := io.ReadAll(client.r)
			if !strings.HasPrefix(string(got), c.want) || c.want == "" && len(got) > 0 || err != nil && !errors.Is(err, io.EOF) {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}
