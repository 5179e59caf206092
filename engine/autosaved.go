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
// Another Consul's, and those of a sidecar that routes to others, are another
// name's.
func savedRoutes(c *config.Config) string {
	question := fnv.New64a()
	fmt.Fprintf(question, "%q", []any{consulOptions(&c.Consul).Place(), c.AutoRoutes.TagPrefix, c.AutoRoutes.Services})
	return fmt.Sprintf("auto_routes-%016x", question.Sum64())
}

// remember gives automatic routes what an earlier run has saved, and a place to
// save.
func (b *builder) remember(o *autoroute.WatcherOptions) {
	dir, name := b.engine.saved, savedRoutes(b.config)
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
