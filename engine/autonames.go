package engine

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"pingap-go/health"
	"pingap-go/register"
)

// autoName is a service name under which the proxy registers itself because tags
// say so (fabio's register=NAME): clients that look the name up in Consul find
// the proxy. holders are the legs that say it.
type autoName struct {
	runningService
	holders int
}

// autoNameDeregisterAfter is how long Consul keeps the registration of a proxy
// that is gone: as long as fabio's.
const autoNameDeregisterAfter = time.Minute

// holdName registers the proxy under a name, once for all who ask; a.mu is held.
func (a *autoRoutes) holdName(name string) error {
	n := a.names[name]
	if n == nil {
		var err error
		if n, err = a.newName(name); err != nil {
			return fmt.Errorf("option \"register=%s\": %w", name, err)
		}
		a.names[name] = n
		ctx, stop := context.WithCancel(a.ctx)
		n.stop = stop
		a.engine.tasks.Go(func() {
			defer close(n.done)
			n.registrar.Run(ctx)
		})
	}
	n.holders++
	return nil
}

func (a *autoRoutes) newName(name string) (*autoName, error) {
	host, port, err := serverAddress(a.generation.config.Servers[a.key.Auto.Server].Addr)
	if err != nil {
		return nil, err
	}
	registrar, err := register.New(register.Service{
		ID: register.DefaultID(name, port, os.LookupEnv), Name: name, Address: host, Port: port,
		Own: &health.Check{Scheme: "tcp", Frequency: 5 * time.Second}, DeregisterAfter: autoNameDeregisterAfter,
	}, a.client.API(), a.engine.log)
	if err != nil {
		return nil, err
	}
	return &autoName{runningService: runningService{registrar: registrar, done: make(chan struct{})}}, nil
}

// serverAddress is where others reach a server: its first TCP address, without
// the host when that is every one.
func serverAddress(addrs []string) (host string, port int, err error) {
	for _, addr := range addrs {
		if strings.HasPrefix(addr, "unix:") {
			continue
		}
		host, text, err := net.SplitHostPort(addr)
		if err != nil {
			return "", 0, err
		}
		if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
			host = ""
		}
		if port, err = strconv.Atoi(text); err == nil && port > 0 {
			return host, port, nil
		}
	}
	return "", 0, fmt.Errorf("the server has no TCP address with a fixed port")
}

// releaseName lets go of a name once; without holders the proxy deregisters it.
func (a *autoRoutes) releaseName(name string) {
	n := a.names[name]
	if n == nil { // taken by a drain
		return
	}
	if n.holders--; n.holders > 0 {
		return
	}
	delete(a.names, name)
	a.engine.tasks.Go(func() {
		n.end()
		a.engine.leave(context.WithoutCancel(a.ctx), []*runningService{&n.runningService})
	})
}

// takeNames gives away all names, for a drain to deregister.
func (a *autoRoutes) takeNames() []*runningService {
	list := a.registeredNames()
	if a != nil {
		a.mu.Lock()
		clear(a.names)
		a.mu.Unlock()
	}
	return list
}

// registeredNames are the registrations that tags ask for.
func (a *autoRoutes) registeredNames() []*runningService {
	if a == nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	var list []*runningService
	for _, name := range sortedKeys(a.names) {
		list = append(list, &a.names[name].runningService)
	}
	return list
}
