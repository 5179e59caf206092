package autoroute

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"pingap-go/discovery"
	"pingap-go/endpoint"
)

// WatcherOptions make a Watcher. The first block is required.
type WatcherOptions struct {
	Parser Parser
	// Names follows the names and tags of all services until ctx ends.
	Names func(ctx context.Context, news func(tags map[string][]string), fail func(error))
	// Service makes the watcher of one service.
	Service func(name string) (discovery.Watcher, error)
	// Datacenter asks for the name that $DC stands for.
	Datacenter func(context.Context) (string, error)
	// Apply puts changed routes in force. It is called on Run's goroutine.
	Apply func(Change)
	Log   *slog.Logger

	// Services are names or globs of the services to look at; empty = all.
	Services []string
	// Hold is how long the routes of a service without instances stay, with nobody
	// to serve them; 0 = they go with its last instance.
	Hold time.Duration
	// Saved are the memberships that an earlier run has saved, by service, and
	// SavedDatacenter its name for $DC. They serve while the catalog does not answer.
	Saved           map[string]endpoint.Snapshot
	SavedDatacenter string
	// Save keeps memberships for a later run; nil = nobody does. It may take its
	// time: it is called on a goroutine of its own.
	Save func(datacenter string, services map[string]endpoint.Snapshot) error
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
	unsaved chan struct{} // something is new that was not saved
	limiter *rate.Limiter
	ready   chan struct{} // closed when every service seen first has answered

	mu         sync.Mutex          // guards what others write or read
	tags       map[string][]string // not looked at yet; nil = nothing new
	failed     error
	feeds      map[string]*feed
	datacenter string

	// Owned by Run's goroutine.
	book     *Book
	watches  map[string]*watch
	listed   map[string]bool // services in the catalog's last answer; nil before the first
	running  sync.WaitGroup
	due      *time.Timer // when held routes go
	problems []Problem
	restored bool // what was saved is in force, or nothing was
	isReady  bool
}

// NewWatcher makes a Watcher; nothing is asked before Run.
func NewWatcher(o WatcherOptions) *Watcher {
	return &Watcher{
		options: o, wake: make(chan struct{}, 1), unsaved: make(chan struct{}, 1), limiter: rate.NewLimiter(changesPerSecond, changesAtOnce),
		ready: make(chan struct{}), feeds: map[string]*feed{}, book: NewBook(o.Parser), watches: map[string]*watch{},
	}
}

// Run follows the catalog until ctx ends; then all its watches have ended.
func (w *Watcher) Run(ctx context.Context) {
	defer w.running.Wait()
	w.running.Go(func() { w.options.Names(ctx, w.named, w.fail) })
	if w.options.Save != nil {
		w.running.Go(func() { w.keep(ctx) })
	}
	late := time.NewTimer(restoreAfter)
	defer late.Stop()
	w.due = time.NewTimer(time.Hour)
	defer w.due.Stop()
	for {
		isLate := false
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		case <-w.due.C:
		case <-late.C:
			isLate = true
		}
		if w.limiter.Wait(ctx) != nil {
			return
		}
		w.step(ctx, isLate)
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

// step takes in all news and applies what has changed. late says that it is time
// for what was saved.
func (w *Watcher) step(ctx context.Context, late bool) {
	changed := map[string]bool{}
	w.mu.Lock()
	tags, failed := w.tags, w.failed
	w.tags = nil // they are many
	w.mu.Unlock()
	switch {
	case tags != nil:
		w.follow(ctx, tags, changed)
	case w.listed == nil && failed != nil && !w.restored:
		w.restore(failed)
	}
	if late {
		w.restore(errLate)
	}
	for name, s := range w.watches {
		if fresh := s.feed.take(); fresh != nil {
			w.learn(name, s, *fresh, changed)
		}
	}
	w.release(changed)
	w.apply(changed)
	w.settle(w.listed != nil || len(w.watches) > 0)
}

// learn takes in a service's new membership.
func (w *Watcher) learn(name string, s *watch, now endpoint.Snapshot, changed map[string]bool) {
	if len(now.Endpoints) == 0 && w.holds(name, s) {
		return
	}
	s.emptied = time.Time{}
	note(changed, w.book.Set(name, now))
	w.remember()
}

// apply hands on what has changed, and says once what is wrong with tags.
func (w *Watcher) apply(changed map[string]bool) {
	problems := append(w.book.Problems(), w.held()...)
	known := slices.Equal(problems, w.problems)
	if len(changed) == 0 && known {
		return
	}
	w.tell(problems)
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
