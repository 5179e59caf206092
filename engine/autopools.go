package engine

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"pingap-go/autoroute"
	"pingap-go/config"
	"pingap-go/proxy"
	"pingap-go/upstream"
)

// autoPoolKey is what makes one pool of a routed service: instances that are
// spoken to in different ways need different connections.
type autoPoolKey struct {
	service    string
	tls, http2 bool
	skipVerify bool
	sni        string
}

// autoPool is a pool with the number of legs that use it.
type autoPool struct {
	runningPool
	of      autoPoolKey
	holders int
	leave   func() // ends what it is told of its members
	awaited bool
}

// autoPattern is what automatic locations and upstreams have in common: the
// configuration's defaults.
type autoPattern struct {
	location proxy.Location
	upstream config.Upstream
}

// newAutoPattern has the configuration fill in the defaults, so that there is
// one place where they are written.
func newAutoPattern() (*autoPattern, error) {
	c, err := config.Parse("automatic routes", "[upstreams.auto]\ndiscovery = \"consul\"\nservice = \"auto\"\n[locations.auto]\nupstream = \"auto\"\n",
		func(string) (string, bool) { return "", false })
	if err != nil {
		return nil, fmt.Errorf("defaults of automatic routes: %w", err)
	}
	l := c.Locations["auto"]
	return &autoPattern{upstream: *c.Upstreams["auto"], location: proxy.Location{
		ForwardedHeaders: l.ForwardedHeaders, Websocket: l.Websocket,
		Timeout: l.Timeout, ConnectTimeout: l.ConnectTimeout, ResponseTimeout: l.ResponseTimeout,
	}}, nil
}

// poolOf returns the pool of a leg, held once more; it starts one where there is
// none. a.mu is held.
func (a *autoRoutes) poolOf(service string, o *autoroute.Options) (*autoPool, error) {
	key := autoPoolKey{service: service, tls: o.TLS, http2: o.HTTP2}
	if o.TLS {
		key.skipVerify, key.sni = o.SkipVerify, o.ServerName
		if key.sni == "" && o.Host != autoroute.SelfHost {
			key.sni = o.Host
		}
	}
	p := a.pools[key]
	if p == nil {
		var err error
		if p, err = a.startPool(key); err != nil {
			return nil, err
		}
		a.pools[key] = p
	}
	p.holders++
	return p, nil
}

func (a *autoRoutes) startPool(key autoPoolKey) (*autoPool, error) {
	u := a.pattern.upstream
	u.Name, u.Service = a.poolName(key), key.service
	u.TLS, u.SNI, u.VerifyCert = key.tls, key.sni, !key.skipVerify
	if key.http2 {
		u.ALPN = "h2"
	}
	o, err := a.engine.poolOptions(&u, a.key.Keepalive, new(atomic.Int64))
	if err != nil {
		return nil, err
	}
	o.Seed = a.watcher.Restored(key.service)
	p := &autoPool{runningPool: runningPool{pool: upstream.New(o), done: make(chan struct{})}, of: key}
	ctx, stop := context.WithCancel(a.ctx)
	p.stop = stop
	p.leave = a.watcher.Join(key.service, p.pool)
	a.engine.tasks.Go(func() {
		defer close(p.done)
		p.pool.Run(ctx)
	})
	return p, nil
}

// poolName is the service's name, marked where that is a configured upstream's.
func (a *autoRoutes) poolName(key autoPoolKey) string {
	name := key.service
	switch {
	case key.http2 && key.tls:
		name += " (grpcs)"
	case key.http2:
		name += " (grpc)"
	case key.tls:
		name += " (https)"
	}
	if a.generation.config.Upstreams[name] != nil {
		name = "auto:" + name
	}
	return name
}

// poolWait is how long a new route waits for its pool to have taken in the
// instances; they are there already, so it takes no time unless all is busy.
const poolWait = 2 * time.Second

// awaitPools waits until the pools that are new have their members.
func (a *autoRoutes) awaitPools() {
	ctx, cancel := context.WithTimeout(a.ctx, poolWait)
	defer cancel()
	for _, p := range a.pools {
		if !p.awaited {
			p.pool.Await(ctx)
			p.awaited = true
		}
	}
}

// releasePool lets go of a pool once; without holders it ends.
func (a *autoRoutes) releasePool(p *autoPool) {
	if p.holders--; p.holders > 0 {
		return
	}
	delete(a.pools, p.of)
	p.leave()
	p.stop()
	<-p.done
}

// runningPools are the pools there are now; none for a nil autoRoutes.
func (a *autoRoutes) runningPools() []*runningPool {
	if a == nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	var list []*runningPool
	for _, p := range a.pools {
		list = append(list, &p.runningPool)
	}
	return list
}
