package http2

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	// maxStreams bounds the requests that one connection may have under way.
	maxStreams = 250
	// maxFrameBytes bounds a frame: the least that is allowed, since each
	// connection holds a buffer for one.
	maxFrameBytes = 16 << 10
	// pingAfter is how long a client may be silent before it is asked for a sign
	// of life, pingTimeout how long that may take.
	pingAfter   = time.Minute
	pingTimeout = 15 * time.Second
	// preface is the first part of what a client sends (RFC 9113 section 3.4), up
	// to where it reads like the head of an HTTP/1 request.
	preface = "PRI * HTTP/2.0\r\n\r\n"
)

// IsPreface reports whether the first head of a connection is really the begin
// of HTTP/2.
func IsPreface(head string) bool { return head == preface }

// Options are what a client is allowed. Zero fields mean no bound, but for
// MaxHeaderBytes, where it means 64 KiB.
type Options struct {
	// IdleTimeout ends a connection without requests.
	IdleTimeout time.Duration
	// Stall ends a connection that takes no bytes.
	Stall time.Duration
	// MaxHeaderBytes bounds a request's head. Clients that ask are told.
	MaxHeaderBytes int
	// Log gets what the library has to say, at level debug.
	Log *slog.Logger
}

// Server serves HTTP/2 on connections that others have accepted.
type Server struct {
	http    http.Server
	arrived chan net.Conn
	ended   chan struct{} // closed when no more connections are taken
	end     sync.Once
	running sync.WaitGroup
}

// NewServer makes a server and starts the goroutine that hands it connections.
// Shutdown ends that.
func NewServer(o Options) *Server {
	s := &Server{arrived: make(chan net.Conn), ended: make(chan struct{})}
	if o.MaxHeaderBytes <= 0 {
		o.MaxHeaderBytes = 64 << 10
	}
	s.http = http.Server{
		Handler: http.HandlerFunc(dispatch), ConnContext: withPeer,
		IdleTimeout: o.IdleTimeout,
		// Beyond this the library answers by itself, without our words.
		MaxHeaderBytes: 2 * o.MaxHeaderBytes,
		Protocols:      new(http.Protocols),
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: maxStreams, MaxReadFrameSize: maxFrameBytes, SendPingTimeout: pingAfter, PingTimeout: pingTimeout, WriteByteTimeout: o.Stall,
		},
		ErrorLog: slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
	}
	s.http.Protocols.SetUnencryptedHTTP2(true)
	s.running.Go(s.run)
	return s
}

// run takes connections until Shutdown.
func (s *Server) run() { _ = s.http.Serve((*listener)(s)) } // its error says that it was ended

// Serve speaks HTTP/2 on a connection until it ends, and closes it. read is what
// was read from it already, the preface's first part included. handle is called
// for each request on a goroutine of its own.
func (s *Server) Serve(nc net.Conn, read []byte, handle func(*Stream)) {
	p := &peer{Conn: nc, read: read, handle: handle, closed: make(chan struct{})}
	select {
	case s.arrived <- p:
		<-p.closed
		p.finish()
	case <-s.ended:
		_ = nc.Close() // nothing was promised yet
	}
}

// Shutdown tells all clients to go away, lets the requests under way finish and
// ends with the last of them, or with ctx. Connections that are left then must be
// closed by their owners.
func (s *Server) Shutdown(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	s.running.Wait()
	return err
}

// listener is a Server as the net.Listener that the library accepts from.
type listener Server

func (l *listener) Accept() (net.Conn, error) {
	select {
	case nc := <-l.arrived:
		return nc, nil
	case <-l.ended:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.end.Do(func() { close(l.ended) })
	return nil
}

// Addr is of no consequence: nothing listens here.
func (l *listener) Addr() net.Addr { return &net.TCPAddr{} }

// peer is one client's connection.
type peer struct {
	net.Conn
	read   []byte // to be read again
	handle func(*Stream)
	once   sync.Once
	closed chan struct{}

	mu      sync.Mutex
	over    bool // no stream begins any more
	streams sync.WaitGroup
}

// begin counts a stream in, unless the connection is over.
func (p *peer) begin() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.over {
		p.streams.Add(1)
	}
	return !p.over
}

// finish waits for the streams of a connection that has been closed.
func (p *peer) finish() {
	p.mu.Lock()
	p.over = true
	p.mu.Unlock()
	p.streams.Wait()
}

// Read gives what was read before, and then what comes.
func (p *peer) Read(b []byte) (int, error) {
	if len(p.read) > 0 {
		n := copy(b, p.read)
		p.read = p.read[n:]
		return n, nil
	}
	return p.Conn.Read(b)
}

// Close lets Serve return.
func (p *peer) Close() error {
	err := p.Conn.Close()
	p.once.Do(func() { close(p.closed) })
	return err
}

// peerKey is the context key of a stream's peer.
type peerKey struct{}

func withPeer(ctx context.Context, nc net.Conn) context.Context {
	return context.WithValue(ctx, peerKey{}, nc)
}

// errNoPeer cannot happen: all connections come from Serve.
var errNoPeer = errors.New("stream without a connection of ours")

// dispatch gives a request to its connection's handler.
func dispatch(w http.ResponseWriter, r *http.Request) {
	p, ok := r.Context().Value(peerKey{}).(*peer)
	if !ok {
		panic(errNoPeer)
	}
	if !p.begin() {
		panic(http.ErrAbortHandler)
	}
	defer p.streams.Done()
	p.handle(newStream(w, r))
}
