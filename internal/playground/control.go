package playground

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// control is the HTTP server of the API and the page.
type control struct {
	addr    string
	server  *http.Server
	serving sync.WaitGroup
}

func openControl(addr string, handler http.Handler) (*control, error) {
	addr = cmp.Or(addr, "127.0.0.1:0")
	if !loopback(addr) {
		return nil, fmt.Errorf("control address %q is not loopback: whoever reaches it may kill instances", addr)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	c := &control{addr: l.Addr().String(), server: &http.Server{Handler: guard(handler), ReadHeaderTimeout: patience}}
	c.serving.Go(func() { _ = c.server.Serve(l) }) // it ends by close
	return c, nil
}

func (c *control) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if c.server.Shutdown(ctx) != nil {
		_ = c.server.Close()
	}
	c.serving.Wait()
}

// guard keeps pages of other sites from using the API by way of a browser.
func guard(next http.Handler) http.Handler {
	own := http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !loopback(r.Host) { // a name that somebody lets point here
			http.Error(w, "ask for 127.0.0.1 or localhost", http.StatusForbidden)
			return
		}
		own.ServeHTTP(w, r)
	})
}

// loopback reports whether "host" or "host:port" is this machine only.
func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		host = strings.Trim(addr, "[]")
	}
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.IsLoopback()
}
