package http1

import (
	"testing"

	"pingap-go/message"
)

// A message costs the one allocation that makes a string of its head, which is
// the caller's.
func TestCodecDoesNotAllocate(t *testing.T) {
	var req message.Request
	var res message.Response
	var d Chunked
	var lim Limits
	raw, body, dst := []byte(browserHead), []byte("5;x=\"y\"\r\nhello\r\n0\r\n\r\n"), make([]byte, 0, 4096)
	nominating := get("Connection: keep-alive, X-A", "X-A: 1", "X_B: 2", "Content_Length: 3")
	client := Client{Method: "GET", Minor: 1, Date: "Sun, 22 Nov 2026 10:00:00 GMT"}
	tests := map[string]func() error{
		"HeadLength":     func() error { _, err := HeadLength(raw, 0); return err },
		"ParseRequest":   func() error { req.Reset(); return ParseRequest(browserHead, &req, &lim) },
		"nominations":    func() error { req.Reset(); return ParseRequest(nominating, &req, nil) },
		"AppendRequest":  func() error { _, err := AppendRequest(dst, &req); return err },
		"ParseResponse":  func() error { res.Reset(); _, err := ParseResponse(upstreamHead, "GET", &res); return err },
		"AppendResponse": func() error { _, err := AppendResponse(dst, &res, &client); return err },
		"AppendInterim": func() error {
			_, err := AppendInterim(dst, &message.Response{Status: 103})
			return err
		},
		"Decode": func() error {
			d.Reset()
			for in := body; !d.Done(); {
				_, n, err := d.Decode(in)
				if err != nil {
					return err
				}
				in = in[n:]
			}
			return d.Trailer(&req.Trailer)
		},
		"AppendLastChunk": func() error { _, err := AppendLastChunk(AppendChunk(dst, body), &req.Trailer); return err },
	}
	ParseRequest(browserHead, &req, nil)
	ParseResponse(upstreamHead, "GET", &res)
	for name, f := range tests {
		if n := testing.AllocsPerRun(100, func() {
			if err := f(); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}
