package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"

	"pingap-go/config"
	"pingap-go/discovery/saved"
	"pingap-go/endpoint"
	"pingap-go/upstream"
)

// savedMembers is what was saved of an upstream's members, nil if nothing was.
func (b *builder) savedMembers(u *config.Upstream) *endpoint.Snapshot {
	if b.engine.saved == nil || u.Discovery == "static" {
		return nil
	}
	s, err := b.engine.saved.Load(savedName(u))
	switch {
	case errors.Is(err, saved.ErrNone):
		return nil
	case err != nil:
		b.log.Warn("saved membership cannot be used", "upstream", u.Name, "err", err)
		return nil
	}
	return &s
}

// savedName is under which name an upstream's members are saved: its own and a
// digest of what it asks for, so that nobody is served from the answer to
// another question.
func savedName(u *config.Upstream) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", question(u)))
	return u.Name + "-" + hex.EncodeToString(sum[:4])
}

// question is what an upstream asks its registry.
func question(u *config.Upstream) []any {
	return []any{u.Discovery, u.Addrs, u.Service, u.Tags, u.Filter, u.Datacenters, u.Status, u.DNSServer}
}

// sameMembership reports whether two configurations ask the same registry for
// the same instances.
func sameMembership(a, b poolKey) bool {
	return a.Consul == b.Consul && reflect.DeepEqual(question(&a.Upstream), question(&b.Upstream))
}

// sameLink reports whether two configurations reach an endpoint in the same way,
// so that the connections of one serve the other.
func sameLink(a, b *config.Upstream) bool {
	return a.TLS == b.TLS && a.SNI == b.SNI && a.VerifyCert == b.VerifyCert && a.CAFile == b.CAFile && a.ALPN == b.ALPN
}

// known is what a new watcher may begin with: what the pool before knows, or what
// was saved.
func known(o *upstream.Options, old *runningPool) endpoint.Snapshot {
	if old != nil {
		if s, ok := old.pool.Snapshot(); ok {
			return s
		}
	}
	if o.Seed != nil {
		return *o.Seed
	}
	return endpoint.Snapshot{}
}
