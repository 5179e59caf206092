// Package consul is the discovery kind for Consul's catalog: one blocking query
// per service on the health endpoint, whose answers become complete snapshots.
//
//	client, err := consul.NewClient(consul.Options{})          // one a process
//	w, err := consul.NewWatcher(client, consul.Query{Service: "api", Tags: []string{"v2"}})
//	err = w.Watch(ctx, sink)
//
// All instances are fetched, the unhealthy ones too: those are in the snapshot
// with the reason why Consul bars them. Each is identified by its node and
// service ID. README.md says what is asked, and what happens when it fails.
//
// The package leaves connections to instances, health checks of our own, and
// keeping snapshots on disk to others.
package consul
