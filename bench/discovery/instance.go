package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"time"
)

// instance is an HTTP server that says who it is.
type instance struct {
	name, addr string
	server     *http.Server
	done       chan struct{}
}

func startInstance(name string) (*instance, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	i := &instance{name: name, addr: l.Addr().String(), done: make(chan struct{})}
	i.server = &http.Server{Handler: i}
	go i.serve(l)
	return i, nil
}

// startInstances starts one of each name.
func startInstances(names ...string) (map[string]*instance, error) {
	all := map[string]*instance{}
	for _, name := range names {
		i, err := startInstance(name)
		if err != nil {
			stopInstances(all)
			return nil, err
		}
		all[name] = i
	}
	return all, nil
}

func stopInstances(all map[string]*instance) {
	for _, i := range all {
		i.stop()
	}
}

func (i *instance) serve(l net.Listener) {
	defer close(i.done)
	_ = i.server.Serve(l)
}

// ServeHTTP answers every request alike.
func (i *instance) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("X-Instance", i.name)
	_, _ = io.WriteString(w, "ok\n")
}

// stop ends the instance as a good server does: what it has begun it finishes.
func (i *instance) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = i.server.Shutdown(ctx)
	_ = i.server.Close()
	<-i.done
}

// at is where the instance is registered under its name.
func (i *instance) at(service string) place {
	return place{service: service, id: i.name, node: "apps", address: i.addr}
}
