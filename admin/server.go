package admin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"

	"pingap-go/internal/bind"
)

// maxConnections bounds the connections to one server; more wait in the kernel.
const maxConnections = 256

// Server is the API on one address.
type Server struct {
	http     *http.Server
	listener net.Listener
	done     chan error
}

// Listen starts to serve the API on addr, "host:port" with port 0 for any. It
// fails when the address is taken, and when it is beyond loopback and no token
// is set. The same Admin may listen on several addresses, so that a reload can
// open the new one before it shuts down the old.
func (a *Admin) Listen(addr string) (*Server, error) {
	token := ""
	if a.token.Load() != nil {
		token = "set"
	}
	if err := CheckAddr(addr, token); err != nil {
		return nil, err
	}
	listener, err := bind.Listen(context.Background(), addr)
	if err != nil {
		return nil, fmt.Errorf("start admin API: %w", err)
	}
	s := &Server{
		listener: listener,
		done:     make(chan error, 1),
		http: &http.Server{
			Handler:           a,
			ReadHeaderTimeout: 5 * time.Second,
			ReadTimeout:       10 * time.Second,
			WriteTimeout:      90 * time.Second, // a CPU profile takes 30 s
			IdleTimeout:       time.Minute,
			MaxHeaderBytes:    16 << 10,
			ErrorLog:          slog.NewLogLogger(a.options.Log.Handler(), slog.LevelDebug),
		},
	}
	go s.serve()
	return s, nil
}

func (s *Server) serve() {
	s.done <- s.http.Serve(netutil.LimitListener(s.listener, maxConnections))
}

// Addr is where the server listens.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Shutdown stops listening and waits for answers under way, until ctx is over;
// then it closes their connections. It is called once.
func (s *Server) Shutdown(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	if served := <-s.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	if err != nil {
		return fmt.Errorf("stop admin API: %w", err)
	}
	return nil
}
