package autoroute

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pingap-go/discovery"
	"pingap-go/endpoint"
	"pingap-go/internal/testkit"
)

// catalog is a registry that a test speaks for, and what a Watcher made of it.
type catalog struct {
	*testing.T
	watcher *Watcher
	names   func(map[string][]string)
	fails   func(error)
	sinks   map[string]discovery.Sink
	routes  map[string]*Route
	faults  []Problem
	log     testkit.Journal
	saved   []string // services of each time that all was saved, with their instances
	mu      sync.Mutex
}

// oneOf is one service's watcher: the test speaks to its sink.
type oneOf struct {
	c    *catalog
	name string
}

func (o oneOf) Watch(ctx context.Context, sink discovery.Sink) error {
	o.c.mu.Lock()
	o.c.sinks[o.name] = sink
	o.c.mu.Unlock()
	<-ctx.Done()
	return nil
}

// follow runs a Watcher in a bubble of synctest until stop is called.
func follow(t *testing.T, o WatcherOptions) (c *catalog, stop func()) {
	c = &catalog{T: t, sinks: map[string]discovery.Sink{}, routes: map[string]*Route{}}
	o.Parser, o.Log = Parser{Prefix: "urlprefix-"}, slog.New(slog.NewTextHandler(&c.log, nil))
	o.Names = func(ctx context.Context, news func(map[string][]string), fail func(error)) {
		c.names, c.fails = news, fail
		<-ctx.Done()
	}
	o.Service = func(name string) (discovery.Watcher, error) { return oneOf{c, name}, nil }
	o.Datacenter = func(context.Context) (string, error) { return "", errors.New("away") }
	o.Apply = func(change Change) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.faults = change.Problems
		for key, r := range change.Routes {
			if c.routes[key] = r; r == nil {
				delete(c.routes, key)
			}
		}
	}
	o.Save = func(_ string, services map[string]endpoint.Snapshot) error {
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(services)) {
			parts = append(parts, fmt.Sprintf("%s=%d", name, len(services[name].Endpoints)))
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.saved = append(c.saved, strings.Join(parts, " "))
		return nil
	}
	c.watcher = NewWatcher(o)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); c.watcher.Run(ctx) }()
	synctest.Wait()
	return c, func() { cancel(); <-ended }
}

// list gives the catalog's names; each service has the tag of its name.
func (c *catalog) list(names ...string) {
	tags := map[string][]string{"consul": nil}
	for _, name := range names {
		tags[name] = []string{"urlprefix-/" + name}
	}
	c.names(tags)
	c.settle()
}

// settle lets pass what the Watcher's own pace takes.
func (c *catalog) settle() { pass(200 * time.Millisecond) }

// pass lets time pass in the bubble.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// says gives the instances of a service.
func (c *catalog) says(name string, ids ...string) {
	c.mu.Lock()
	sink := c.sinks[name]
	c.mu.Unlock()
	sink.Update(of(name, ids...))
	c.settle()
}

// of is a membership with the tag of its service's name.
func of(name string, ids ...string) endpoint.Snapshot {
	var lines []string
	for _, id := range ids {
		lines = append(lines, id+": urlprefix-/"+name)
	}
	return members(lines...)
}

func (c *catalog) want(routes string) {
	c.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if got := strings.Join(slices.Sorted(maps.Keys(c.routes)), " "); got != routes {
		c.Errorf("routes are %q, want %q", got, routes)
	}
}

// wantFaults checks what is shown as wrong, by the reasons' beginnings.
func (c *catalog) wantFaults(reasons ...string) {
	c.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.EqualFunc(c.faults, reasons, func(p Problem, want string) bool { return strings.HasPrefix(p.Reason, want) }) {
		c.Errorf("shown is %+v, want %q", c.faults, reasons)
	}
}

func (c *catalog) wantSaved(sets ...string) {
	c.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.Equal(c.saved, sets) {
		c.Errorf("saved was %q, want %q", c.saved, sets)
	}
}
