package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"testing"

	"pingap-go/internal/testkit"
)

// What a client asks for arrives as it was asked, whatever is spoken.
func TestRequestsArriveInEveryCombination(t *testing.T) {
	everyway(t, func(s *stage, c combination) {
		s.instance("A")
		p := s.bootFor(c, c.text())
		for _, target := range []string{"/echo?a=1&b=%20", "//echo//x%2Fy", "/echo?", "/%C3%A9/echo"} {
			got := p.echo(target, "X-Mine: 1", "Cookie: a=1; b=2")
			if got.URI != target || got.Host != p.proxy || got.Proto != c.proto() || got.Header.Get("X-Mine") != "1" ||
				got.Header.Get("Cookie") != "a=1; b=2" || got.Header.Get("X-Forwarded-For") != "127.0.0.1" {
				s.Errorf("%s arrived as %+v", target, got)
			}
		}
		if got := p.echo("/a/../echo/%7Euser"); got.URI != "/echo/~user" {
			s.Errorf("the path was not normalised: %s", got.URI)
		}
		for _, size := range []int{0, 5, 20_000, 3_000_000} {
			body := strings.Repeat("x", size)
			known := p.ask("POST", "/size", strings.NewReader(body))
			unknown := p.ask("POST", "/size", io.MultiReader(strings.NewReader(body)))
			if known.body != "A" || unknown.body != "A" {
				s.Errorf("%d bytes: %q and %q", size, known.body, unknown.body)
			}
		}
		testkit.Eventually(t, patience, func() error {
			want := map[string]string{"h1": "HTTP/1.1 200 /echo 200", "h2": "HTTP/2.0 200 /echo 200"}[c.front]
			if got := p.access.String(); !strings.Contains(got, want) {
				return fmt.Errorf("the access log lacks %q: %.300s", want, got)
			}
			return nil
		})
	})
}

// Heads without content, content of unknown length, trailers and all.
func TestResponsesArriveInEveryCombination(t *testing.T) {
	everyway(t, func(s *stage, c combination) {
		a := s.instance("A")
		a.behave(speak)
		p := s.bootFor(c, c.text())
		large := strings.Repeat("0123456789", 300_000)
		for _, r := range []struct {
			method, path, body string
			status             int
			length             int64
		}{
			{"GET", "/large", large, 200, 3_000_000},
			{"GET", "/unknown", large, 200, -1},
			{"GET", "/empty", "", 200, 0},
			{"GET", "/204", "", 204, 0},
			{"HEAD", "/large", "", 200, 3_000_000},
			{"GET", "/304", "", 304, 0},
			{"GET", "/500", "oh", 500, 2},
		} {
			got := p.ask(r.method, r.path, nil)
			if got.StatusCode != r.status || got.body != r.body || got.ContentLength != r.length {
				s.Errorf("%s %s: %d, %d bytes of %d", r.method, r.path, got.StatusCode, len(got.body), got.ContentLength)
			}
			if got.Header["Content-Type"] != nil && r.method == "GET" && r.body == "" {
				s.Errorf("%s %s: a Content-Type was thought of: %v", r.method, r.path, got.Header)
			}
		}
		got := p.get("/trailers", "TE: trailers")
		if got.body != "data" || got.Trailer.Get("X-Sum") != "42" {
			s.Errorf("trailers: %q %v", got.body, got.Trailer)
		}
	})
}

// speak is a behaviour: what the path asks for.
func speak(w http.ResponseWriter, r *http.Request) {
	large := bytes.Repeat([]byte("0123456789"), 300_000)
	switch r.URL.Path {
	case "/large":
		w.Header().Set("Content-Length", fmt.Sprint(len(large)))
		_, _ = w.Write(large)
	case "/unknown":
		w.(http.Flusher).Flush()
		_, _ = w.Write(large)
	case "/204":
		w.WriteHeader(204)
	case "/304":
		w.WriteHeader(304)
	case "/500":
		w.WriteHeader(500)
		_, _ = io.WriteString(w, "oh")
	case "/trailers":
		w.Header().Set("Trailer", "X-Sum")
		_, _ = io.WriteString(w, "data")
		w.Header().Set("X-Sum", "42")
	}
}

// Both sides may send whenever they like, and see at once what the other sent.
func TestConversationsFlowInEveryCombination(t *testing.T) {
	everyway(t, func(s *stage, c combination) {
		a := s.instance("A")
		a.behave(func(w http.ResponseWriter, r *http.Request) {
			control := http.NewResponseController(w)
			_ = control.EnableFullDuplex()
			_ = control.Flush()
			word := make([]byte, 4)
			for {
				if _, err := io.ReadFull(r.Body, word); err != nil {
					return
				}
				_, _ = fmt.Fprintf(w, "<%s>", word)
				_ = control.Flush()
			}
		})
		p := s.bootFor(c, c.text())
		if c.front == "h1" {
			p.client = s.http2Client() // no client library converses in HTTP/1
		}
		content, pen := io.Pipe()
		request, err := http.NewRequest("POST", "http://"+p.proxy+"/talk", content)
		if err != nil {
			s.Fatal(err)
		}
		response, err := p.client.Do(request)
		if err != nil {
			s.Fatal(err)
		}
		defer response.Body.Close()
		for i := range 50 {
			word := fmt.Sprintf("%04d", i)
			_, _ = io.WriteString(pen, word)
			reply := make([]byte, 6)
			if _, err := io.ReadFull(response.Body, reply); err != nil || string(reply) != "<"+word+">" {
				s.Fatalf("said %s, heard %q: %v", word, reply, err)
			}
		}
		_ = pen.Close()
		if rest, err := io.ReadAll(response.Body); err != nil || len(rest) > 0 {
			s.Errorf("at the end: %q, %v", rest, err)
		}
	})
}

func TestEarlyHintsComeEarly(t *testing.T) {
	everyway(t, func(s *stage, c combination) {
		a := s.instance("A")
		a.behave(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", "</style.css>")
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusOK)
		})
		p := s.bootFor(c, c.text())
		var hints []string
		trace := &httptrace.ClientTrace{Got1xxResponse: func(status int, h textproto.MIMEHeader) error {
			hints = append(hints, fmt.Sprint(status, h.Get("Link")))
			return nil
		}}
		ctx := httptrace.WithClientTrace(context.Background(), trace)
		request, err := http.NewRequestWithContext(ctx, "GET", "http://"+p.proxy+"/", nil)
		if err != nil {
			s.Fatal(err)
		}
		if r, err := do(p.client, request); err != nil || r.StatusCode != 200 || len(hints) != 1 || hints[0] != "103</style.css>" {
			s.Errorf("%v, %v, %v", r.Response, err, hints)
		}
	})
}

// A client that waits for 100 Continue gets it when its content is wanted, and
// not when it is not.
func TestContentIsInvited(t *testing.T) {
	everyway(t, func(s *stage, c combination) {
		a := s.instance("A")
		p := s.bootFor(c, c.text())
		p.client.Transport.(*http.Transport).ExpectContinueTimeout = patience
		if got := p.ask("PUT", "/echo", strings.NewReader("content"), "Expect: 100-continue"); !strings.Contains(got.body, `"Body":"content"`) {
			s.Errorf("invited: %s", got.body)
		}
		a.behave(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
		if got := p.ask("PUT", "/x", strings.NewReader("content"), "Expect: 100-continue"); got.StatusCode != 403 {
			s.Errorf("not invited: %d", got.StatusCode)
		}
	})
}
