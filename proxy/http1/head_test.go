package http1

import (
	"strings"
	"testing"
)

func TestHeadLengthFindsTheEndHoweverItArrives(t *testing.T) {
	head := get("A: b", "C: d")
	buf := []byte(head + "GET /next")
	for cut := range len(buf) + 1 {
		n, err := HeadLength(buf[:cut], 0)
		if want := found(cut, len(head)); n != want || err != nil {
			t.Fatalf("with %d bytes: %d, %v", cut, n, err)
		}
		if n, err = HeadLength(buf, min(cut, len(head)-1)); n != len(head) || err != nil {
			t.Fatalf("continued at %d: %d, %v", cut, n, err)
		}
	}
}

// found is length once that many bytes are there.
func found(have, length int) int {
	if have < length {
		return 0
	}
	return length
}

func TestHeadLengthGivesUpEarly(t *testing.T) {
	for name, start := range map[string]string{
		"TLS hello":               "\x16\x03\x01",
		"NUL":                     "\x00",
		"space":                   " GET",
		"LF":                      "\n",
		"third empty line":        "\r\n",
		"non-ASCII":               "\xff",
		"bare LF in request line": "GET / HTTP/1.1\n",
		"bare LF in header":       "GET / HTTP/1.1\r\nHost: a\n",
		"bare LF as empty line":   "GET / HTTP/1.1\r\n\n",
	} {
		if n, err := HeadLength([]byte(start), 0); faultOf(t, err) == nil || faultOf(t, err).Status != 400 {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
}

func TestSkipEmptyLines(t *testing.T) {
	for in, want := range map[string]int{
		"": 0, "GET": 0, "\r": 0, "\r\n": 2, "\r\nGET": 2, "\r\n\r\nGET": 4, "\r\n\r\n\r\nGET": 4, "\r\n\r": 2, "\n\r\n": 0,
	} {
		if got := SkipEmptyLines([]byte(in)); got != want {
			t.Errorf("SkipEmptyLines(%q) = %d, want %d", in, got, want)
		}
	}
	if n, err := HeadLength([]byte("\r"), 0); n != 0 || err != nil {
		t.Errorf("half an empty line: %d, %v", n, err)
	}
}

func TestResponseHeadLength(t *testing.T) {
	head := ok("A: b")
	for cut := range len(head) + 1 {
		if n, err := ResponseHeadLength([]byte(head[:cut]), 0); n != found(cut, len(head)) || err != nil {
			t.Fatalf("with %d bytes: %d, %v", cut, n, err)
		}
	}
	for _, bad := range []string{"G", "HTTQ", "HTTP/2.0 200", "\r\nHTTP/1.1 200 OK\r\n\r\n", "http/1.1", "HTTP/1.1 200 OK\n"} {
		if n, err := ResponseHeadLength([]byte(bad), 0); faultOf(t, err) == nil || faultOf(t, err).Status != 502 {
			t.Errorf("%q: %d, %v", bad, n, err)
		}
	}
}

func TestHeadTooLarge(t *testing.T) {
	if f := HeadTooLarge([]byte("GET /" + strings.Repeat("a", 100))); f.Status != 414 || f.Type != "uri_too_long" {
		t.Errorf("open request line: %v", f)
	}
	if f := HeadTooLarge([]byte("GET / HTTP/1.1\r\nA: ")); f.Status != 431 || f.Type != "header_too_large" {
		t.Errorf("open header: %v", f)
	}
}

// Whatever stands in a value, the fast search must agree with the slow one.
func TestValueEndAtEveryOffset(t *testing.T) {
	for c := range 256 {
		for at := range 20 {
			for _, fill := range []string{"x", "\t", "\xff", "~", " ", "\x80"} {
				s := strings.Repeat(fill, at) + string([]byte{byte(c)}) + "~\x7e\xff~~~~~~~~~"
				if got, want := valueEnd(s, 0), span(s, 0, valueByte); got != want {
					t.Fatalf("valueEnd(%q) = %d, want %d", s, got, want)
				}
			}
		}
	}
}
