package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"syscall"
	"time"

	"pingap-go/internal/mono"
	"pingap-go/proxy/http2"
)

// notTLS answers those who speak plain HTTP where TLS is spoken.
const notTLS = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 28\r\nConnection: close\r\n\r\n" +
	"this port speaks HTTPS only\n"

// greet does TLS's handshake, which has as much time as a request's head, and goes
// on with what was agreed on. It has a goroutine of its own: a signature takes long for
// a loop. A client that does not get through it has asked nothing: it is no request.
func (c *conn) greet() {
	c.state.Store(stateHandshake)
	c.SetTimeout(c.server.limits().ReadHeaderTimeout)
	two, err := c.shakeHands()
	switch {
	case err != nil:
		c.server.ungreeted(c.secure, err)
		c.explain(err)
		c.end()
	case two:
		c.serveHTTP2("")
		c.end()
	default:
		c.settleDown()
	}
}

// settleDown serves the connection, on a loop if it can be.
func (c *conn) settleDown() {
	c.Reloop(c.server.loops.Least())
	if l := c.Loop(); l != nil {
		l.Start(c)
		return
	}
	c.serve()
}

// errWeak is why HTTP/2 was agreed on, but not begun.
var errWeak = errors.New("HTTP/2 may not be spoken with the cipher of this client")

// shakeHands reports whether HTTP/2 was agreed on.
func (c *conn) shakeHands() (two bool, err error) {
	if err := c.secure.Handshake(); err != nil {
		return false, err
	}
	state := c.secure.ConnectionState()
	if two = state.NegotiatedProtocol == http2.Protocol; two && !http2.Secure(&state) {
		return false, errWeak
	}
	return two, nil
}

// complainEvery is the least time between two log lines above debug about a server's
// handshakes, which anybody can have fail as fast as he likes.
const complainEvery = 10 * time.Second

// longestReason bounds what the log is told of one: a client may have worded it.
const longestReason = 200

// ungreeted counts and logs a handshake that came to nothing. The line has the count,
// which tells how many failed since the line before.
func (s *Server) ungreeted(secure *tls.Conn, err error) {
	level, reason := slog.LevelDebug, err.Error()
	if !knocked(secure, err) {
		s.metrics.HandshakeFailed()
		if s.complained.Due(mono.Now(), complainEvery) {
			level = slog.LevelInfo
		}
	}
	s.log.Log(context.Background(), level, "no TLS handshake", "server", s.name, "client", secure.RemoteAddr().String(),
		"failures", s.metrics.HandshakeFailures(), "err", reason[:min(len(reason), longestReason)])
}

// knocked reports whether the client only connected, and left without a word, as
// checks of TCP do.
func knocked(secure *tls.Conn, err error) bool {
	return secure.ConnectionState().Version == 0 && (errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET))
}

// explain tells a client of plain HTTP what is wrong. TLS has read its first bytes,
// so they cannot be served.
func (c *conn) explain(err error) {
	garbage, ok := errors.AsType[tls.RecordHeaderError](err)
	if !ok || garbage.Conn == nil || !beginsRequest(garbage.RecordHeader) {
		return
	}
	c.SetTimeout(lingerTime)
	if _, err := io.WriteString(garbage.Conn, notTLS); err != nil {
		return
	}
	if w, ok := garbage.Conn.(interface{ CloseWrite() error }); ok && w.CloseWrite() == nil {
		awaitEnd(garbage.Conn)
	}
}

// beginsRequest reports whether what should be a TLS record begins as a request does:
// with the capitals of a method.
func beginsRequest(record [5]byte) bool {
	for _, b := range record[:3] {
		if b < 'A' || b > 'Z' {
			return false
		}
	}
	return true
}

// awaitEnd reads what the client has sent, so that it gets our answer and no reset.
func awaitEnd(nc net.Conn) {
	_, _ = io.CopyN(io.Discard, nc, lingerBytes) // either end will do
}
