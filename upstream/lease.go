package upstream

import (
	"context"
	"math/rand/v2"
	"time"

	"pingap-go/balance"
	"pingap-go/health"
	"pingap-go/internal/loop"
	"pingap-go/message"
	"pingap-go/upstream/limit"
)

// Lease is the right to use one host for one try. It ends with exactly one call
// of Done, Broke or Failed, or of Left after one of Proven.
type Lease struct {
	pool    *Pool
	host    *Host
	status  int
	latency time.Duration
	began   int64      // monotonic time at which it was asked for
	now     int64      // monotonic time of the answer; 0 before it
	task    *loop.Task // what its holder runs as
	trial   bool       // the one request that a returning host gets
}

// Begin readies ask for one request, at the monotonic time now: a random number, the
// key that hash policies go by and the sticky cookie's token.
func (p *Pool) Begin(ask *balance.Ask, now int64, req *message.Request, clientIP string) {
	ask.Now = now
	ask.Random = rand.Uint64()
	if p.key.Kind != balance.KeyNone {
		ask.Key = keyOf(p.key, req, clientIP)
	}
	if p.cookie != "" {
		ask.Sticky, _ = req.Cookie(p.cookie)
	}
	p.budget.Deposit(ask.Now)
}

func keyOf(k balance.Key, req *message.Request, clientIP string) string {
	switch k.Kind {
	case balance.KeyIP:
		return clientIP
	case balance.KeyURL:
		return req.Target
	case balance.KeyPath:
		return req.Path
	case balance.KeyHeader:
		return req.Header.Get(k.Name)
	case balance.KeyCookie:
		value, _ := req.Cookie(k.Name)
		return value
	case balance.KeyQuery:
		value, _ := req.QueryValue(k.Name)
		return value
	}
	return ""
}

// Lease picks a host. The error is a *message.Fault: 503 no_endpoint when there
// is nobody to send to, or when all are serving as many requests as they may. It
// waits only where the upstream has a queue and is full, and no longer than ctx.
func (p *Pool) Lease(ctx context.Context, ask *balance.Ask) (Lease, error) {
	return p.lease(ctx, p.view.Load, ask)
}

// lease picks from the view that is in force once there is room.
func (p *Pool) lease(ctx context.Context, inForce func() *view, ask *balance.Ask) (Lease, error) {
	if p.gate != nil && !p.gate.TryAcquire() {
		if err := p.gate.Acquire(ctx); err != nil {
			return Lease{}, shed(err)
		}
		p.Renew(ask) // the time in the queue is not the host's
	}
	return p.admitted(inForce(), ask)
}

// Queues reports whether Lease may wait.
func (p *Pool) Queues() bool { return p.gate != nil && p.gate.Places() > 0 }

// LeaseNow is Lease without a wait in the queue.
func (p *Pool) LeaseNow(ask *balance.Ask) (Lease, error) { return p.leaseNow(p.view.Load, ask) }

func (p *Pool) leaseNow(inForce func() *view, ask *balance.Ask) (Lease, error) {
	if p.gate != nil && !p.gate.TryAcquire() {
		return Lease{}, shed(limit.ErrFull)
	}
	return p.admitted(inForce(), ask)
}

// admitted picks for a request that the gate has let in.
func (p *Pool) admitted(v *view, ask *balance.Ask) (Lease, error) {
	l, err := p.pick(v, ask)
	if err != nil && p.gate != nil {
		p.gate.Release()
	}
	return l, err
}

// For says that the holder runs as t, and steps beside its loop for what may block. A
// lease is nobody's at first.
func (l *Lease) For(t *loop.Task) { l.task = t }

// Address is the endpoint's address.
func (l *Lease) Address() string { return l.host.link.Load().address }

// StickyCookie is the Set-Cookie value that keeps a client with this host; ""
// when the pool is not sticky or the client has the cookie already.
func (l *Lease) StickyCookie(ask *balance.Ask) string {
	if l.pool.cookie == "" {
		return ""
	}
	token := l.host.link.Load().token
	if token == "" || ask.Sticky == token {
		return ""
	}
	return l.pool.cookie + "=" + token + "; Path=/; HttpOnly; SameSite=Lax"
}

// Began is the monotonic time at which the host was picked.
func (l *Lease) Began() int64 { return l.began }

// Take returns a kept connection to the host, or nil; now is the monotonic time.
// careful has the socket looked at first in any case, for requests that must not
// be sent twice. on is the loop that the caller runs on, and that watches the
// connection then unless it is one of TLS; nil = none.
func (l *Lease) Take(now int64, careful bool, on *loop.Loop) *Conn {
	return l.host.take(now, careful, on)
}

// Dial opens a new connection to the host; on is as with Take. It blocks.
func (l *Lease) Dial(ctx context.Context, within time.Duration, on *loop.Loop) (*Conn, error) {
	return l.host.dial(ctx, within, on)
}

// Answered notes that the host has sent a response head; the try began at began
// on the monotonic clock, latency ago.
func (l *Lease) Answered(status int, began int64, latency time.Duration) {
	l.status, l.latency, l.now = status, latency, began+int64(latency)
	p := l.pool
	p.metrics.Answered(latency)
	if p.options.Hedge.Percentile > 0 {
		p.latency.add(latency)
	}
	p.adapt(l.now, latency)
}

// adapt moves the limit of requests in flight by how long a try took.
func (p *Pool) adapt(now int64, took time.Duration) {
	if a := p.options.Adaptive; a != nil && a.Observe(now, took, p.gate.InFlight()) {
		p.gate.SetLimit(a.Limit())
	}
}

// Done ends the lease of a try whose answer came to its end, or was not wanted to.
func (l *Lease) Done() { l.end(health.OutcomeOf(l.status), l.status) }

// Broke ends the lease of a try whose answer was begun and not finished; err is
// for the log. That an exchange as a whole took too long is no evidence: the
// answer may be a stream.
func (l *Lease) Broke(reason Reason, err error) {
	l.complain("endpoint broke off its answer", reason, err)
	l.pool.metrics.Failure(string(reason))
	outcome := reason.outcome()
	if reason == TotalTimeout {
		outcome = health.OutcomeOf(l.status)
	}
	l.end(outcome, l.status)
}

// Failed ends the lease of a try that was not answered; err is for the log. One
// that timed out was at least as slow as that.
func (l *Lease) Failed(reason Reason, err error) {
	l.complain("endpoint does not answer", reason, err)
	outcome := reason.outcome()
	if outcome == health.TimedOut || outcome == health.ConnectTimedOut {
		l.now = l.pool.now()
		l.latency = time.Duration(l.now - l.began)
	}
	if outcome == health.TimedOut {
		l.pool.adapt(l.now, l.latency)
	}
	if outcome != health.ClientAborted {
		l.pool.metrics.Failure(string(reason))
	}
	if health.Ours(err) {
		outcome = health.ClientAborted // it is as little the host's doing
	}
	l.end(outcome, 0)
}

// Proven gives the evidence of Done while the lease goes on. What takes hours, as
// a connection that carries anything, would keep a host on trial for as long. Any
// goroutine may call it, once.
func (l *Lease) Proven() { l.judge(health.OutcomeOf(l.status)) }

// Left ends the lease of a host that was proven.
func (l *Lease) Left() { l.leave(l.status) }

func (l *Lease) end(outcome health.Outcome, status int) {
	l.leave(status)
	l.judge(outcome)
}

// leave counts the try out.
func (l *Lease) leave(status int) {
	h, p := l.host, l.pool
	h.load.InFlight.Add(-1)
	p.inFlight.Add(-1)
	if p.gate != nil {
		p.gate.Release()
	}
	h.metrics.Done(status)
}

// judge gives the evidence.
func (l *Lease) judge(outcome health.Outcome) {
	h, p := l.host, l.pool
	now := l.now
	if now == 0 {
		now = p.now()
	}
	if outcome != health.ClientAborted {
		h.load.Latency.Observe(now, l.latency, outcome != health.Success)
	}
	if outcome != health.Success && outcome != health.ClientAborted {
		h.failures.Add(1)
	}
	if p.ejector.Record(&h.evidence, outcome, l.trial) {
		p.poke()
	}
}
