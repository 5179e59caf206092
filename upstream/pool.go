// Package upstream is where membership, health and policy meet. A Pool is the
// run-time form of one upstream: it takes snapshots from a discovery.Watcher,
// verdicts from health, and publishes views from which requests lease hosts.
//
//	pool := upstream.New(upstream.Options{Name: "api", Watcher: w, Policy: p, ...})
//	go pool.Run(ctx)
//	lease, err := pool.Lease(ctx, &ask) // any goroutine, no lock
//	conn := lease.Take(now, false)      // or lease.Dial(ctx, 3*time.Second)
//	...
//	conn.Put(); lease.Done()
//
// One goroutine (Run) owns all decisions. Whatever happens (a snapshot, an error
// of the registry, a probe's result, passive evidence, time) reaches it by the
// same road, and what it decides becomes visible by one atomic store. An empty
// snapshot is news; an error is not: it marks the pool stale, and the last good
// view serves on without end.
//
// A host keeps its connections, counters, latency and ejection clock for as long
// as the registry lists its ID, also when a reload puts another pool in the place
// of its own (Inherit). The package knows no registry, and of protocols only
// whether a connection carries one request at a time or many (HTTP/2).
package upstream

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"pingap-go/balance"
	"pingap-go/discovery"
	"pingap-go/endpoint"
	"pingap-go/health"
	"pingap-go/internal/mono"
	"pingap-go/internal/pace"
	"pingap-go/telemetry/metrics"
	"pingap-go/upstream/limit"
	"pingap-go/upstream/session"
)

// Pool is the run-time form of one upstream.
type Pool struct {
	options    Options
	key        balance.Key
	cookie     string
	perHost    int64
	metrics    *metrics.Upstream
	now        func() int64
	budget     *limit.Budget
	gate       *limit.Gate
	latency    *latencies
	hedgeAfter atomic.Int64 // nanoseconds, from latency; 0 = not known
	inFlight   *atomic.Int64
	view       atomic.Pointer[view]
	status     atomic.Pointer[status]
	wake       chan struct{}
	ready      chan struct{} // closed when there are members
	heirs      chan chan<- *estate
	over       chan struct{} // closed when Run has returned
	ended      sync.Once
	monitor    *health.Monitor
	saver      *saver // nil: memberships are not saved

	mu    sync.Mutex // guards inbox
	inbox inbox

	// Owned by Run's goroutine.
	members  members
	hosts    map[string]*Host
	order    []*Host         // hosts, by ID
	roster   []health.Member // the same, as the ejector wants them
	draining []*Host
	ejector  *health.Ejector
	changed  bool        // the view may have to change
	retold   bool        // the hosts' part of the status has to change
	restated bool        // the pool's own part has to
	houses   int         // times that keepHouse has run
	isReady  bool        // ready is closed
	pace     pace.Pace   // requests go on while thousands of hosts are gone through
	due      *time.Timer // when evidence has to be looked at again; nil until Run
}

// inbox is what others have told the pool since it last looked.
type inbox struct {
	snapshot *endpoint.Snapshot
	err      error
	probes   map[string]probed // nil = none
}

// probed is what a probe has found, and where.
type probed struct {
	address string
	result  health.Result
}

// members is what the registry has said.
type members struct {
	snapshot    endpoint.Snapshot
	answered    bool // there is a snapshot, from the registry or saved
	stale       bool
	denied      bool // the last error says that the registry hides the answer
	lastError   string
	lastSuccess time.Time
}

var (
	_ discovery.Sink    = (*Pool)(nil)
	_ discovery.Doubter = (*Pool)(nil)
)

// New makes a pool without members. Run must be running for it to get any.
func New(o Options) *Pool {
	p := &Pool{
		options: o, key: o.Key, cookie: o.Cookie, perHost: o.MaxPerHost, metrics: o.Metrics, now: o.Now,
		budget: o.Budget, gate: o.Gate, inFlight: o.InFlight, latency: new(latencies),
		wake: make(chan struct{}, 1), ready: make(chan struct{}), heirs: make(chan chan<- *estate), over: make(chan struct{}),
		hosts: map[string]*Host{}, ejector: health.NewEjector(o.Ejection),
	}
	if p.now == nil {
		p.now = mono.Now
	}
	if p.inFlight == nil {
		p.inFlight = new(atomic.Int64)
	}
	if o.Check != nil {
		p.monitor = health.NewMonitor(*o.Check, o.Probe, p.takeProbe)
	}
	if o.Save != nil {
		p.saver = newSaver(o.Save, o.Log.With("upstream", o.Name))
	}
	if o.Protocol != HTTP1 {
		p.options.transport = session.NewTransport()
	}
	p.view.Store(&view{picker: o.Policy.Picker(nil)})
	p.restated = true
	p.publishStatus()
	return p
}

// Name is the upstream's name.
func (p *Pool) Name() string { return p.options.Name }

// TLS reports whether connections to the hosts are encrypted.
func (p *Pool) TLS() bool { return p.options.TLS != nil }

// InFlight counts the tries under way in this pool and in those before it.
func (p *Pool) InFlight() *atomic.Int64 { return p.inFlight }

// Update implements discovery.Sink.
func (p *Pool) Update(s endpoint.Snapshot) {
	p.mu.Lock()
	p.inbox.snapshot, p.inbox.err = &s, nil
	p.mu.Unlock()
	p.metrics.Update(metrics.Success)
	p.poke()
}

// Fail implements discovery.Sink.
func (p *Pool) Fail(err error) {
	p.mu.Lock()
	p.inbox.err = err
	p.mu.Unlock()
	p.metrics.Update(metrics.Failure)
	p.poke()
}

// Doubt implements discovery.Doubter.
func (p *Pool) Doubt(s endpoint.Snapshot, doubt error) {
	p.mu.Lock()
	p.inbox.snapshot, p.inbox.err = &s, doubt
	p.mu.Unlock()
	p.metrics.Update(metrics.Success)
	p.metrics.Update(metrics.Failure)
	p.poke()
}

// takeProbe takes what a probe has led to.
func (p *Pool) takeProbe(t health.Target, r health.Result) {
	p.mu.Lock()
	if p.inbox.probes == nil {
		p.inbox.probes = map[string]probed{}
	}
	p.inbox.probes[t.ID] = probed{t.Address, r}
	p.mu.Unlock()
	p.poke()
}

// poke wakes Run's goroutine.
func (p *Pool) poke() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// Await waits until there is a first answer or a saved one, Run has returned, or
// ctx ends.
func (p *Pool) Await(ctx context.Context) {
	select {
	case <-p.ready:
	case <-p.over:
	case <-ctx.Done():
	}
}

// Discard lets go of a pool that has never run.
func (p *Pool) Discard() { p.ended.Do(p.metrics.Release) }
