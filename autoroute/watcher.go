package autoroute

import (
	"context"
	"log/slog"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"pingap-go/discovery"
)

// WatcherOptions make a Watcher. All but Services are required.
type WatcherOptions struct {
	Parser Parser
	// Services are names or globs of the services to look at; empty = all.
	Services []string
	// Names follows the names and tags of all services until ctx ends.
	Names func(ctx context.Context, news func(tags map[string][]string), fail func(error))
	// Service makes the watcher of one service.
	Service func(name string) (discovery.Watcher, error)
	// Datacenter asks for the name that $DC stands for.
	Datacenter func(context.Context) (string, error)
	// Apply puts changed routes in force. It is called on Run's goroutine.
	Apply func(Change)
	Log   *slog.Logger
}

// Change is what differs from the Change before.
type Change struct {
	// Routes are the routes that changed by key; nil = gone.
	Routes map[string]*Route
	// Problems are all tags that cannot be used now.
	Problems []Problem
}

// changesPerSecond bounds how often the table is rebuilt; what comes meanwhile
// is taken together. The first few changes after a quiet time go at once.
const (
	changesPerSecond = 10
	changesAtOnce    = 5
)

// Watcher keeps the routes in step with the catalog.
type Watcher struct {
	options WatcherOptions
	wake    chan struct{}
	limiter *rate.Limiter
	ready   chan struct{} // closed when every service seen first has answered

	mu     sync.Mutex // guards what others write
	tags   map[string][]string
	fresh  bool // tags were not looked at yet
	failed error
	feeds  map[string]*feed

	// Owned by Run's goroutine.
	book     *Book
	watches  map[string]*watch
	running  sync.WaitGroup
	problems []Problem
	isReady  bool
}

// watch is one service that is followed.
type watch struct {
	feed *feed
	stop context.CancelFunc
	done chan struct{}
}

// NewWatcher makes a Watcher; nothing is asked before Run.
func NewWatcher(o WatcherOptions) *Watcher {
	return &Watcher{
		options: o, wake: make(chan struct{}, 1), limiter: rate.NewLimiter(changesPerSecond, changesAtOnce),
		ready: make(chan struct{}), feeds: map[string]*feed{}, book: NewBook(o.Parser), watches: map[string]*watch{},
	}
}

// Run follows the catalog until ctx ends; then all its watches have ended.
func (w *Watcher) Run(ctx context.Context) {
	defer w.running.Wait()
	w.running.Go(func() { w.options.Names(ctx, w.named, w.fail) })
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		}
		if w.limiter.Wait(ctx) != nil {
			return
		}
		w.step(ctx)
	}
}

// Await waits until the first routes are in force, or ctx ends.
func (w *Watcher) Await(ctx context.Context) {
	select {
	case <-w.ready:
	case <-ctx.Done():
	}
}

// Waiting says what is missing until the first routes are in force; "" = nothing.
func (w *Watcher) Waiting() string {
	select {
	case <-w.ready:
		return ""
	default:
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failed != nil {
		return "the catalog: " + w.failed.Error()
	}
	return "the first answers of the catalog"
}

// Join has the membership of a service that is routed to told to sink, its pool:
// what is known at once, and what comes until leave is called. It may be called
// from Apply.
func (w *Watcher) Join(service string, sink discovery.Sink) (leave func()) {
	w.mu.Lock()
	f := w.feeds[service]
	w.mu.Unlock()
	if f == nil { // gone meanwhile; so will its routes be
		return func() {}
	}
	return f.join(sink)
}

func (w *Watcher) poke() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// named takes in the names and tags of all services.
func (w *Watcher) named(tags map[string][]string) {
	w.mu.Lock()
	if w.failed != nil {
		w.options.Log.Info("automatic routes are live", "services", len(tags))
	}
	w.tags, w.fresh, w.failed = tags, true, nil
	w.mu.Unlock()
	w.poke()
}

// fail takes in that the catalog cannot tell. All routes stay as they are.
func (w *Watcher) fail(err error) {
	w.mu.Lock()
	if w.failed == nil {
		w.options.Log.Warn("automatic routes are stale", "err", err)
	}
	w.failed = err
	w.mu.Unlock()
}

// step takes in all news and applies what has changed.
func (w *Watcher) step(ctx context.Context) {
	changed := map[string]bool{}
	w.mu.Lock()
	tags, fresh := w.tags, w.fresh
	w.fresh = false
	w.mu.Unlock()
	if fresh {
		w.follow(ctx, tags, changed)
	}
	for name, s := range w.watches {
		if fresh := s.feed.take(); fresh != nil {
			note(changed, w.book.Set(name, *fresh))
		}
	}
	w.apply(changed)
	w.settle(tags != nil)
}

// follow makes the watches those of the services that have a route tag.
func (w *Watcher) follow(ctx context.Context, tags map[string][]string, changed map[string]bool) {
	w.learnDatacenter(ctx, tags)
	for name, s := range w.watches {
		if w.wanted(name, tags[name]) {
			continue
		}
		s.stop()
		<-s.done
		w.drop(name)
		note(changed, w.book.Remove(name))
	}
	for name, list := range tags {
		if w.watches[name] == nil && w.wanted(name, list) {
			w.start(ctx, name)
		}
	}
}

// wanted reports whether a service is one to look at and has a route tag.
func (w *Watcher) wanted(name string, tags []string) bool {
	chosen := len(w.options.Services) == 0 || slices.ContainsFunc(w.options.Services, func(glob string) bool {
		ok, err := path.Match(glob, name)
		return ok && err == nil
	})
	return chosen && slices.ContainsFunc(tags, w.options.Parser.IsRoute)
}

// learnDatacenter asks for the datacenter when a tag wants to know it.
func (w *Watcher) learnDatacenter(ctx context.Context, tags map[string][]string) {
	if w.options.Parser.Datacenter != "" || !usesVariables(&w.options.Parser, tags) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	name, err := w.options.Datacenter(ctx)
	if err != nil {
		w.options.Log.Warn("tags with $DC are not used", "err", err)
		return
	}
	w.options.Parser.Datacenter = name
	w.book.SetDatacenter(name)
}

func usesVariables(p *Parser, tags map[string][]string) bool {
	for _, list := range tags {
		if slices.ContainsFunc(list, func(tag string) bool { return p.IsRoute(tag) && strings.Contains(tag, "$") }) {
			return true
		}
	}
	return false
}

// start follows one more service.
func (w *Watcher) start(ctx context.Context, name string) {
	watcher, err := w.options.Service(name)
	if err != nil {
		w.options.Log.Warn("service cannot be followed", "service", name, "err", err)
		return
	}
	ctx, stop := context.WithCancel(ctx)
	s := &watch{feed: newFeed(w.poke), stop: stop, done: make(chan struct{})}
	w.watches[name] = s
	w.mu.Lock()
	w.feeds[name] = s.feed
	w.mu.Unlock()
	w.running.Go(func() {
		defer close(s.done)
		if err := watcher.Watch(ctx, s.feed); err != nil {
			s.feed.Fail(err)
		}
	})
}

func (w *Watcher) drop(name string) {
	delete(w.watches, name)
	w.mu.Lock()
	delete(w.feeds, name)
	w.mu.Unlock()
}

// apply hands on what has changed, and says once what is wrong with tags.
func (w *Watcher) apply(changed map[string]bool) {
	problems := w.book.Problems()
	known := slices.Equal(problems, w.problems)
	if len(changed) == 0 && known {
		return
	}
	for _, p := range problems {
		if !slices.Contains(w.problems, p) {
			w.options.Log.Warn("tag cannot be used", "service", p.Service, "instance", p.Instance, "tag", p.Tag, "reason", p.Reason)
		}
	}
	w.problems = problems
	c := Change{Routes: make(map[string]*Route, len(changed)), Problems: problems}
	for key := range changed {
		c.Routes[key] = w.book.Route(key)
	}
	w.options.Apply(c)
}

// settle notes when the first routes are in force: the catalog has answered, and
// every service of that answer, too, or has failed to.
func (w *Watcher) settle(named bool) {
	if w.isReady || !named {
		return
	}
	for _, s := range w.watches {
		if !s.feed.answered() {
			return
		}
	}
	w.isReady = true
	close(w.ready)
}

func note(changed map[string]bool, keys []string) {
	for _, key := range keys {
		changed[key] = true
	}
}
