package engine

import (
	"errors"
	"fmt"
	"hash/fnv"
	"reflect"

	"pingap-go/config"
	"pingap-go/discovery/saved"
	"pingap-go/endpoint"
)

// savedName is under which name a pool's members are kept. Who asks the registry
// for something else under the same name gets nothing of them.
func savedName(name string, key poolKey) string {
	question := fnv.New32a()
	fmt.Fprintf(question, "%+v", membership(key))
	return fmt.Sprintf("%s-%08x", name, question.Sum32())
}

// sameMembership reports whether two configurations ask the same registry for
// the same instances.
func sameMembership(a, b poolKey) bool {
	return reflect.DeepEqual(membership(a), membership(b))
}

// membership is what decides who the members of a pool are. Tokens are not part
// of it: they say who asks, not what for.
func membership(k poolKey) any {
	u, c := &k.Upstream, &k.Consul
	return []any{
		c.Address, c.Datacenter, c.Namespace, c.Partition,
		u.Discovery, u.Addrs, u.Service, u.Tags, u.Filter, u.Datacenters, u.Status, u.DNSServer,
	}
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
