package engine

import (
	"errors"
	"fmt"
	"hash/fnv"
	"path/filepath"
	"reflect"

	"pingap-go/config"
	"pingap-go/discovery/saved"
	"pingap-go/endpoint"
)

// savedName is under which name a pool's members are kept. Who asks another
// registry, or for something else, gets nothing of them although the upstream has
// the same name: several sidecars of one user share the directory.
func savedName(name string, key poolKey) string {
	question := fnv.New64a()
	fmt.Fprintf(question, "%q", membership(key))
	return fmt.Sprintf("%s-%016x", name, question.Sum64())
}

// sameMembership reports whether two configurations ask the same registry for
// the same instances.
func sameMembership(a, b poolKey) bool {
	return reflect.DeepEqual(membership(a), membership(b))
}

// membership is what decides who the members of a pool are. Tokens are not part
// of it: they say who asks, not what for.
func membership(k poolKey) []any {
	u := &k.Upstream
	place, addrs := "", u.Addrs
	switch u.Discovery {
	case "consul":
		place = consulOptions(&k.Consul).Place()
	case "file":
		addrs = absolute(addrs)
	}
	return []any{u.Discovery, place, addrs, u.Service, u.Tags, u.Filter, u.Datacenters, u.Status, u.DNSServer}
}

// absolute makes paths mean the same in every working directory.
func absolute(paths []string) []string {
	out := make([]string, len(paths))
	for i, path := range paths {
		out[i] = path
		if abs, err := filepath.Abs(path); err == nil {
			out[i] = abs
		}
	}
	return out
}

// sameLink reports whether two configurations reach an endpoint in the same way,
// so that the connections of one serve the other.
func sameLink(a, b *config.Upstream) bool {
	return a.TLS == b.TLS && a.SNI == b.SNI && a.VerifyCert == b.VerifyCert && a.CAFile == b.CAFile &&
		a.ALPN == b.ALPN && (a.ALPN == "h1" || a.KeepaliveRequests == b.KeepaliveRequests)
}

// savedMembers is what was saved of an upstream's members, nil if nothing was.
func (b *builder) savedMembers(name string, u *config.Upstream) *endpoint.Snapshot {
	s, err := b.engine.saved.Load(name)
	switch {
	case errors.Is(err, saved.ErrNone):
		return nil
	case err != nil:
		b.log.Warn("saved membership cannot be used", "upstream", u.Name, "err", err)
		return nil
	}
	return &s
}

// known is what a new watcher may begin with: what the pool before knows, or what
// was saved.
func known(seed *endpoint.Snapshot, old *runningPool) endpoint.Snapshot {
	if old != nil {
		if s, ok := old.pool.Snapshot(); ok {
			return s
		}
	}
	if seed != nil {
		return *seed
	}
	return endpoint.Snapshot{}
}
