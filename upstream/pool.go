// Package upstream is where membership, health and policy meet. A Pool is the
// run-time form of one upstream: it takes snapshots from a discovery.Watcher,
// verdicts from health, and publishes views from which requests lease hosts.
//
//	pool := upstream.New(upstream.Options{Name: "api", Watcher: w, Policy: p, ...})
//	go pool.Run(ctx)
//	lease, err := pool.Lease(ctx, &ask) // any goroutine, no lock
//	conn := lease.Take(false)           // or lease.Dial(ctx, 3*time.Second)
//	...
//	conn.Put(); lease.Done(true)
//
// One goroutine (Run) owns all decisions. Whatever happens (a snapshot, an error
// of the registry, a probe's result, passive evidence, time) reaches it by the
// same road, and what it decides becomes visible by one atomic store. An empty
// snapshot is news; an error is not: it marks the pool stale, and the last good
// view serves on without end.
//
// A host keeps its connections, counters, latency and ejection clock for as long
// as the registry lists its ID. The package knows no registry, and of protocols
// only whether a connection carries one request at a time or many (HTTP/2).
package upstream

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"pingap-go/balance"
	"pingap-go/discovery"
	"pingap-go/endpoint"
	"pingap-go/health"
	"pingap-go/internal/wire"
	"pingap-go/telemetry/metrics"
	"pingap-go/upstream/limit"
	"pingap-go/upstream/session"
)

// Options make a Pool. Name, Policy, Metrics, Watchdog and Log are required; the
// zero value of the rest is a sensible pool.
type Options struct {
	Name      string
	Discovery string            // the kind's name, for people
	Algorithm string            // the policy's name, for people
	Watcher   discovery.Watcher // nil = whoever owns the pool tells it, as its discovery.Sink
	Policy    balance.Policy
	Key       balance.Key // what the policy hashes
	Cookie    string      // name of the sticky cookie; "" = not sticky
	Sticky    bool
	// InFlight is the counter that Policy was given in its Settings; nil makes one.
	InFlight *atomic.Int64

	Check    *health.Check // active probes; nil = none
	Probe    health.Probe
	Ejection health.Rules
	Retry    Retry
	Budget   *limit.Budget // pays for retries and hedges
	Hedge    Hedge
	// Gate bounds the requests in flight; nil = no bound. Adaptive, when not nil,
	// moves its limit by the latency.
	Gate     *limit.Gate
	Adaptive *limit.Adaptive
	// KeepEmpty keeps the members when the registry says there are none
	// (on_empty = "keep").
	KeepEmpty bool
	// Panic is the share of eligible hosts below which all of them are used;
	// 0 = only when none is left.
	Panic     float64
	SlowStart time.Duration // 0 = off
	// MaxPerHost bounds the requests in flight to one host; 0 = no bound.
	MaxPerHost int64

	TLS               *tls.Config   // nil = plain
	Protocol          Protocol      // spoken to the hosts
	IdleTimeout       time.Duration // of kept connections
	KeepalivePool     int           // kept connections per host
	KeepaliveRequests int           // requests on one connection; 0 = no bound

	// Seed is what is known before the registry has answered: the snapshot of the
	// pool that this one replaces, which serves at once, or one that was saved
	// (its Saved is set), which serves when the registry is late. nil = nothing.
	Seed *endpoint.Snapshot
	// Save keeps a good snapshot for the next start; nil = does not. It may take
	// its time: it is called on a goroutine of its own.
	Save func(endpoint.Snapshot) error

	Metrics  *metrics.Upstream
	Watchdog *wire.Watchdog
	Log      *slog.Logger

	transport *http.Transport // shared by the hosts' sessions
}

// Pool is the run-time form of one upstream.
type Pool struct {
	options    Options
	key        balance.Key
	cookie     string
	perHost    int64
	metrics    *metrics.Upstream
	budget     *limit.Budget
	gate       *limit.Gate
	latency    latencies
	hedgeAfter atomic.Int64 // nanoseconds, from latency; 0 = not known
	inFlight   *atomic.Int64
	view       atomic.Pointer[view]
	status     atomic.Pointer[status]
	wake       chan struct{}
	ready      chan struct{} // closed when there are members
	ended      sync.Once
	monitor    *health.Monitor
	saver      *saver // nil: memberships are not saved

	mu    sync.Mutex // guards inbox
	inbox inbox

	// Owned by Run's goroutine.
	members  members
	hosts    map[string]*Host
	draining []*Host
	ejector  *health.Ejector
	houses   int         // times that keepHouse has run
	seen     int64       // requests when quiet last looked
	isReady  bool        // ready is closed
	due      *time.Timer // when evidence has to be looked at again
}

// inbox is what others have told the pool since it last looked.
type inbox struct {
	snapshot *endpoint.Snapshot
	err      error
	probes   map[string]health.Result
}

// members is what the registry has said.
type members struct {
	snapshot    endpoint.Snapshot
	answered    bool // there is a snapshot, from the registry or saved
	stale       bool
	lastError   string
	lastSuccess time.Time
}

var _ discovery.Sink = (*Pool)(nil)

// New makes a pool without members. Run must be running for it to get any.
func New(o Options) *Pool {
	p := &Pool{
		options: o, key: o.Key, cookie: o.Cookie, perHost: o.MaxPerHost, metrics: o.Metrics,
		budget: o.Budget, gate: o.Gate, inFlight: o.InFlight,
		wake: make(chan struct{}, 1), ready: make(chan struct{}), hosts: map[string]*Host{}, ejector: health.NewEjector(o.Ejection),
	}
	if p.inFlight == nil {
		p.inFlight = new(atomic.Int64)
	}
	if o.Check != nil {
		p.monitor = health.NewMonitor(*o.Check, o.Probe, p.probed)
	}
	if o.Save != nil {
		p.saver = newSaver(o.Save, o.Log.With("upstream", o.Name))
	}
	p.inbox.probes = map[string]health.Result{}
	p.view.Store(&view{picker: o.Policy.Picker(nil)})
	p.publishStatus()
	if o.Protocol != HTTP1 {
		p.options.transport = session.NewTransport()
	}
	return p
}

// Name is the upstream's name.
func (p *Pool) Name() string { return p.options.Name }

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

// probed takes what a probe has led to.
func (p *Pool) probed(t health.Target, r health.Result) {
	p.mu.Lock()
	p.inbox.probes[t.ID] = r
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

// restoreAfter is how long a pool waits for its registry before it serves from
// what was saved. A registry that answers with an error ends the wait at once.
const restoreAfter = 300 * time.Millisecond

// housekeeping is how often hosts that drain, warm up or idle are looked at.
const housekeeping = time.Second

// Run keeps the pool until ctx ends: it runs the watcher and the probes and makes
// all decisions. When it returns all of the pool's goroutines have ended and its
// idle connections are closed.
func (p *Pool) Run(ctx context.Context) {
	var running sync.WaitGroup
	if p.options.Watcher != nil {
		running.Go(func() { p.watch(ctx) })
	}
	if p.monitor != nil {
		running.Go(func() { p.monitor.Run(ctx) })
	}
	if p.saver != nil {
		running.Go(func() { p.saver.run(ctx) })
	}
	if seed := p.options.Seed; seed != nil && seed.Saved.IsZero() {
		p.restore()
		p.step(time.Now())
	}
	p.due = time.NewTimer(time.Hour)
	defer p.due.Stop()
	restore := time.NewTimer(restoreAfter)
	defer restore.Stop()
	tick := time.NewTicker(p.period())
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			running.Wait()
			p.close()
			return
		case <-restore.C:
			p.restore()
		case <-p.wake:
		case <-p.due.C:
		case <-tick.C:
			drained := len(p.draining) > 0
			p.keepHouse()
			if p.quiet() && !drained {
				continue
			}
		}
		p.step(time.Now())
	}
}

// quiet reports whether a second has passed in which nothing happened that a
// decision could rest on. A process may have thousands of pools, most of them idle.
func (p *Pool) quiet() bool {
	requests := int64(0)
	for _, h := range p.hosts {
		requests += h.requests.Load()
	}
	same := requests == p.seen
	p.seen = requests
	return same && p.inFlight.Load() == 0 && p.options.SlowStart <= 0
}

// period is how often time itself can change something.
func (p *Pool) period() time.Duration {
	if p.options.SlowStart > 0 {
		return min(max(p.options.SlowStart/20, 50*time.Millisecond), housekeeping)
	}
	return housekeeping
}

// watch runs the watcher; one that gives up has failed for good.
func (p *Pool) watch(ctx context.Context) {
	if err := p.options.Watcher.Watch(ctx, p); err != nil && ctx.Err() == nil {
		p.Fail(err)
	}
}

// step takes in all news, decides, and publishes what has changed.
func (p *Pool) step(now time.Time) {
	p.mu.Lock()
	news := p.inbox
	p.inbox = inbox{probes: map[string]health.Result{}}
	p.mu.Unlock()
	if news.snapshot != nil {
		p.learn(*news.snapshot, now)
	}
	if news.err != nil {
		p.lose(news.err)
	}
	for id, result := range news.probes {
		if h := p.hosts[id]; h != nil {
			h.probe, h.probed = result, true
		}
	}
	p.decide(now)
}

// TLS reports whether connections to the hosts are encrypted.
func (p *Pool) TLS() bool { return p.options.TLS != nil }

// close ends all hosts; requests that still hold a lease close their connections.
func (p *Pool) close() {
	for _, h := range p.hosts {
		h.close()
	}
	for _, h := range p.draining {
		h.close()
	}
	p.Discard()
}

// Discard lets go of a pool that has never run.
func (p *Pool) Discard() { p.ended.Do(p.metrics.Release) }

// Await waits until there is a first answer or a saved one, or ctx ends.
func (p *Pool) Await(ctx context.Context) {
	select {
	case <-p.ready:
	case <-ctx.Done():
	}
}
