package health

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// Target is one endpoint to be probed. A target whose address changes is
// another target: what was found out at the old address is forgotten.
type Target struct {
	// ID is the endpoint's identity in its pool.
	ID string
	// Address is where it listens, as endpoint.Endpoint has it.
	Address string
}

// Monitor probes the endpoints of one pool. One goroutine (Run) keeps a queue
// of who is due next and starts a goroutine for each probe, never more than
// Check.Concurrency at once and never two for one host.
//
// When a probe is due:
//   - the first one of a new host at once; many new hosts start a little apart;
//   - the second one at the host's own place in the interval, so that the hosts
//     of a pool are spread over it however they came;
//   - from then on every Frequency, or every DownFrequency while the host is
//     down or its last probe contradicts its verdict, 10% more or less.
type Monitor struct {
	check  Check
	probe  Probe
	report func(Target, Result)
	random func() float64 // in [0,1)

	wake    chan struct{} // Set has changed the queue
	results chan result   // room for every probe under way
	probes  sync.WaitGroup

	mu      sync.Mutex
	hosts   map[string]*monitored
	queue   schedule
	running int     // probes under way
	phase   float64 // place of the newest host in the interval, in [0,1)
}

// result is what one probe found.
type result struct {
	host *monitored
	err  error
}

// NewMonitor returns a Monitor without targets. It calls report from Run's
// goroutine, one call at a time, whenever a host's verdict or its reason
// changes. Report must not block for long: probes that are due wait for it. It
// may call Set and Result. A report may still come for a target that a
// concurrent Set has just taken away.
func NewMonitor(check Check, probe Probe, report func(Target, Result)) *Monitor {
	check = check.withDefaults()
	return &Monitor{
		check:   check,
		probe:   probe,
		report:  report,
		random:  rand.Float64,
		wake:    make(chan struct{}, 1),
		results: make(chan result, check.Concurrency),
		hosts:   map[string]*monitored{},
		phase:   rand.Float64(),
	}
}

// Set replaces the targets. Those that stay keep what is known of them and
// their place in the queue; new ones are Unknown and get their first probe at
// once; a probe of one that went is forgotten when it comes home. Any goroutine
// may call Set, before Run too; it does not block. Of equal IDs the last counts.
func (m *Monitor) Set(targets []Target) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	kept := make(map[string]*monitored, len(targets))
	var added []*monitored
	for _, target := range targets {
		host, known := m.hosts[target.ID]
		if !known || host.target.Address != target.Address {
			host = m.newHost(target, now)
			added = append(added, host)
		}
		kept[target.ID] = host
	}
	for id, host := range m.hosts {
		if kept[id] != host {
			m.queue.remove(host)
		}
	}
	m.hosts = kept
	m.enqueueNew(added, now)
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

func (m *Monitor) newHost(target Target, now time.Time) *monitored {
	m.phase = nextPhase(m.phase)
	return &monitored{
		target: target,
		phase:  m.phase,
		place:  notQueued,
		last:   Result{Verdict: Unknown, Reason: "first probe under way", Since: now},
	}
}

// enqueueNew makes first probes due a millisecond apart, and closer together
// when there are so many that the last would wait for more than half a second.
func (m *Monitor) enqueueNew(added []*monitored, now time.Time) {
	step := min(time.Millisecond, 500*time.Millisecond/time.Duration(max(len(added), 1)))
	for i, host := range added {
		if m.hosts[host.target.ID] == host {
			m.queue.add(host, now.Add(time.Duration(i)*step))
		}
	}
}

// Result returns what is known of a target. ok is false when there is no such
// target. Any goroutine may call it.
func (m *Monitor) Result(id string) (r Result, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	host, ok := m.hosts[id]
	if !ok {
		return Result{}, false
	}
	return host.last, true
}

// Run probes until ctx ends; then it calls off the probes under way and returns
// when the last of them has come home. It is called once.
func (m *Monitor) Run(ctx context.Context) {
	defer m.probes.Wait()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		timer.Reset(m.startDue(ctx, time.Now()))
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-m.wake:
		case done := <-m.results:
			if ctx.Err() == nil { // else it failed because we called it off
				m.finish(done, time.Now())
			}
		}
	}
}

// startDue starts the probes that are due, as far as there is room, and returns
// how long it is to the next.
func (m *Monitor) startDue(ctx context.Context, now time.Time) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	for m.running < m.check.Concurrency {
		host := m.queue.first()
		if host == nil {
			break
		}
		if wait := host.due.Sub(now); wait > 0 {
			return wait
		}
		m.queue.remove(host)
		m.running++
		m.probes.Go(func() { m.runProbe(ctx, host) })
	}
	return time.Hour // a result or a Set comes first
}

// runProbe makes one probe, on a goroutine of its own.
func (m *Monitor) runProbe(ctx context.Context, host *monitored) {
	m.results <- result{host, m.probe.Probe(ctx, host.target.Address)}
}

// finish draws the conclusion from one probe and queues the next.
func (m *Monitor) finish(done result, now time.Time) {
	host := done.host
	m.mu.Lock()
	m.running--
	if m.hosts[host.target.ID] != host {
		m.mu.Unlock()
		return
	}
	changed := !Ours(done.err) && host.conclude(done.err, m.check, now)
	m.queue.add(host, now.Add(m.pause(host)))
	last := host.last
	m.mu.Unlock()
	if changed {
		m.report(host.target, last)
	}
}

// pause is the time from the end of a probe to the start of the next.
func (m *Monitor) pause(host *monitored) time.Duration {
	interval := m.check.Frequency
	if host.inDoubt() {
		interval = m.check.DownFrequency
	}
	if host.probes == 1 {
		return time.Duration(float64(interval) * (0.1 + 0.9*host.phase))
	}
	return time.Duration(float64(interval) * (0.9 + 0.2*m.random()))
}
