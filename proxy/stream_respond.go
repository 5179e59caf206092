package proxy

import (
	"io"

	"pingap-go/internal/mono"
	"pingap-go/internal/wire"
	"pingap-go/message"
)

// respond sends the exchange's response to an HTTP/2 client. It reports whether
// the response is whole; otherwise the stream must be reset. What is not flushed
// leaves, with the end of the stream, when the stream's function returns.
func (s *stream) respond() (whole bool) {
	x := s.x
	res := &x.Response
	if res.Status == 0 { // the client has gone, nobody to answer
		return false
	}
	if made, ok := res.Body.(*message.Bytes); ok {
		res.ContentLength = int64(len(made.Rest()))
	}
	if s.head() != nil {
		x.site.answerFault(x, &message.Fault{Status: 500, Type: "internal", Detail: "the response cannot be sent"})
		if s.head() != nil {
			return false
		}
	}
	s.h.Patient() // from now on both may be silent, if they like
	x.status, x.committed = res.Status, true
	err := s.sendContent(res)
	if err == nil {
		err = s.h.Trailer(&res.Trailer)
	}
	return err == nil
}

// head readies the response's head. One without a Date is dated here.
func (s *stream) head() error {
	return s.h.Head(&s.x.Response, s.x.Request.Method, httpDate(mono.Now()), s.conn.server.parting())
}

func (s *stream) sendContent(res *message.Response) error {
	if res.Body == nil {
		return nil
	}
	if !message.BodyAllowed(s.x.Request.Method, res.Status) {
		return res.Body.Close() // content that a plugin left where none may be
	}
	switch body := res.Body.(type) {
	case *message.Bytes:
		s.x.bytesOut = int64(len(body.Rest()))
		return s.h.Write(body.Rest())
	case *responseBody:
		return s.sendViews(body)
	}
	return s.sendReader(res)
}

// sendViews streams what an upstream sends over HTTP/1: whatever has arrived goes
// out before more is waited for.
func (s *stream) sendViews(b *responseBody) error {
	s.h.EndBy(s.x.lastWord())
	b.conn.Large(true)
	b.onWait = s.h.Flush
	for {
		data, err := b.Next()
		if err == io.EOF {
			return b.Close()
		}
		if err != nil {
			return err
		}
		s.x.bytesOut += int64(len(data))
		if err := s.h.Write(data); err != nil {
			return err
		}
	}
}

// sendReader streams a body that comes over HTTP/2, or that a plugin made or
// wrapped. The head of a stream of unknown length does not wait for content.
func (s *stream) sendReader(res *message.Response) error {
	x := s.x
	s.h.EndBy(x.lastWord())
	if res.ContentLength < 0 {
		if err := s.h.Flush(); err != nil {
			return err
		}
	}
	buf := wire.TakeLarge()
	defer buf.Give()
	for {
		n, err := res.Body.Read(buf.Bytes())
		if n > 0 {
			x.bytesOut += int64(n)
			if werr := s.sendPiece(buf.Bytes()[:n], x.bytesOut == res.ContentLength); werr != nil {
				return werr
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	if res.ContentLength >= 0 && x.bytesOut != res.ContentLength {
		return errLength
	}
	return res.Body.Close()
}

// sendPiece sends a piece at once, unless it is the last: that one goes with the
// end of the stream.
func (s *stream) sendPiece(p []byte, last bool) error {
	err := s.h.Write(p)
	if err == nil && !last {
		err = s.h.Flush()
	}
	return err
}
