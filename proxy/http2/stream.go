package http2

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"

	"pingap-go/internal/wire"
	"pingap-go/message"
)

// Stream is one request of a client and the way to answer it. The goroutine that
// it was handed to owns it; Read may be called from another one, and so may
// Close and Context.
type Stream struct {
	w     http.ResponseWriter
	r     *http.Request
	ctl   *http.ResponseController
	reads deadline
	sends deadline
}

func newStream(w http.ResponseWriter, r *http.Request) *Stream {
	s := &Stream{w: w, r: r, ctl: http.NewResponseController(w)}
	s.reads.move, s.sends.move = s.ctl.SetReadDeadline, s.ctl.SetWriteDeadline
	return s
}

// Context ends when the client has gone or given up the request.
func (s *Stream) Context() context.Context { return s.r.Context() }

// SetStall says how long the client may be slow to send content before Read ends
// with wire.ErrTimeout, and to take it before the stream is reset; 0 = no bound.
// It is exact to half of itself.
func (s *Stream) SetStall(d time.Duration) {
	s.reads.limit(d)
	s.sends.limit(d)
}

// EndBy says by when, in mono time, the client must have taken all of the content;
// 0 = no bound.
func (s *Stream) EndBy(end int64) { s.sends.endBy(end) }

// Patient lifts the bound on Read: in a conversation both sides may be silent.
func (s *Stream) Patient() { s.reads.limit(0) }

// Read reads the request's content. Its error is io.EOF at the true end.
func (s *Stream) Read(p []byte) (int, error) {
	s.reads.extend()
	n, err := s.r.Body.Read(p)
	switch {
	case err == nil, err == io.EOF:
		return n, err
	case errors.Is(err, os.ErrDeadlineExceeded):
		return n, wire.ErrTimeout
	}
	return n, io.ErrUnexpectedEOF
}

// Close ends a Read and gives up what is left of the content.
func (s *Stream) Close() error { return s.r.Body.Close() }

// RequestTrailer fills in the request's trailers, once Read has given io.EOF.
func (s *Stream) RequestTrailer(h *message.Header) { addFields(h, s.r.Trailer) }

// HasTrailer reports whether the request has announced trailers.
func (s *Stream) HasTrailer() bool { return len(s.r.Trailer) > 0 }

// Interim sends a 1xx response other than 101. 100 is the library's to send.
func (s *Stream) Interim(res *message.Response) error {
	if res.Status == http.StatusContinue {
		return s.Context().Err()
	}
	h := s.w.Header()
	defer clear(h)
	if err := setFields(h, &res.Header); err != nil {
		return err
	}
	s.w.WriteHeader(res.Status)
	return s.Context().Err()
}

// Head readies the response's head; it leaves with the first content, with Flush,
// or when the stream's function returns, in one frame with the end of the stream
// if there is neither content nor trailer. date is written when it is not empty
// and the response has none. last has the connection go away when its requests
// have ended. The error says which part cannot be sent; nothing was sent then.
func (s *Stream) Head(res *message.Response, method, date string, last bool) error {
	h := s.w.Header()
	clear(h)
	if err := setFields(h, &res.Header); err != nil {
		return err
	}
	if res.Status < 200 || res.Status > 999 {
		return errors.New("status " + strconv.Itoa(res.Status) + " is not a final response")
	}
	for _, name := range [...]string{"Date", "Content-Type"} {
		if _, given := h[name]; !given {
			h[name] = nil // the library would think of one
		}
	}
	if date != "" && h["Date"] == nil {
		h["Date"] = []string{date}
	}
	// A length of 0 without content is said by the end of the stream, which keeps
	// an answer of gRPC that is a single head what it was.
	h["Content-Length"] = nil
	if res.ContentLength > 0 && res.Status != http.StatusNoContent || res.ContentLength == 0 && method == http.MethodHead {
		h["Content-Length"] = []string{strconv.FormatInt(res.ContentLength, 10)}
	}
	if last {
		h["Connection"] = []string{"close"} // the library's word for GOAWAY
	}
	s.w.WriteHeader(res.Status)
	return nil
}

// Write sends content, at the latest with the next Flush.
func (s *Stream) Write(p []byte) error {
	s.sends.extend()
	_, err := s.w.Write(p)
	return err
}

// Flush sends what Head and Write have left behind.
func (s *Stream) Flush() error { return s.ctl.Flush() }

// Trailer readies the response's trailers; they leave when the stream's function
// returns.
func (s *Stream) Trailer(t *message.Header) error {
	h := s.w.Header()
	for _, f := range t.Fields() {
		if err := sendable(&f); err != nil {
			return err
		}
		if !hopByHop(f.Known) {
			h.Add(http.TrailerPrefix+f.Name, f.Value)
		}
	}
	return nil
}

// Abort ends the stream's function and resets the stream, so that the client
// never takes the response for whole. It does not return.
func (s *Stream) Abort() { panic(http.ErrAbortHandler) }
