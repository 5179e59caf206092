package engine

import (
	"errors"
	"fmt"
	"hash/fnv"

	"pingap-go/autoroute"
	"pingap-go/config"
	"pingap-go/discovery/saved"
	"pingap-go/endpoint"
)

// savedRoutes is under which name the members of all routed services are kept.
// Which of them are routed is decided anew at each start; another Consul's are
// another name's.
func savedRoutes(c *config.Consul) string {
	where := fnv.New32a()
	fmt.Fprintf(where, "%q", []string{c.Address, c.Datacenter, c.Namespace, c.Partition})
	return fmt.Sprintf("auto_routes-%08x", where.Sum32())
}

// remember gives automatic routes what an earlier run has saved, and a place to
// save.
func (b *builder) remember(o *autoroute.WatcherOptions) {
	dir, name := b.engine.saved, savedRoutes(&b.config.Consul)
	if dir == nil {
		return
	}
	o.Save = func(datacenter string, services map[string]endpoint.Snapshot) error {
		return dir.SaveAll(name, saved.Set{Datacenter: datacenter, Services: services})
	}
	set, err := dir.LoadAll(name)
	if err != nil && !errors.Is(err, saved.ErrNone) {
		b.log.Warn("saved automatic routes cannot be used", "err", err)
	}
	o.Saved, o.SavedDatacenter = set.Services, set.Datacenter
}
