// Command baseline is the reverse proxy that Go's standard library gives in a
// few lines: net/http with httputil.ReverseProxy, set up as well as its
// documentation allows. bench/run.sh compares pingap with it, since it is what
// most Go programs that proxy are made of.
//
//	baseline -addr 127.0.0.1:9001 -upstream 127.0.0.1:9000
package main

import (
	"flag"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:9001", "`address` to listen on")
	upstream := flag.String("upstream", "127.0.0.1:9000", "`address` to forward to")
	flag.Parse()
	_, port, err := net.SplitHostPort(*addr)
	if err != nil {
		log.Fatal("baseline: ", err)
	}
	server := &http.Server{Addr: *addr, Handler: forwardTo(*upstream, port)}
	log.Fatal("baseline: ", server.ListenAndServe())
}

// forwardTo is the proxy, with the forwarded headers that all the others set.
func forwardTo(upstream, port string) http.Handler {
	target := &url.URL{Scheme: "http", Host: upstream}
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host
			r.SetXForwarded()
			r.Out.Header.Set("X-Forwarded-Port", port)
			if client, _, err := net.SplitHostPort(r.In.RemoteAddr); err == nil {
				r.Out.Header.Set("X-Real-IP", client)
			}
		},
		Transport: &http.Transport{
			MaxIdleConns:        1024,
			MaxIdleConnsPerHost: 512,
			DisableCompression:  true,
		},
		BufferPool: new(buffers),
	}
}

// buffers keeps the copy buffers, which ReverseProxy allocates anew otherwise.
type buffers struct{ pool sync.Pool }

// Get gives a buffer of the size that ReverseProxy uses by itself.
func (b *buffers) Get() []byte {
	if buffer, ok := b.pool.Get().(*[]byte); ok {
		return *buffer
	}
	return make([]byte, 32<<10)
}

// Put takes a buffer back.
func (b *buffers) Put(buffer []byte) { b.pool.Put(&buffer) }
