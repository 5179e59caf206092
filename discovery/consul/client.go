package consul

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/consul/api"
)

const (
	// askTimeout bounds a query that does not wait for news.
	askTimeout = 10 * time.Second
	// turnTimeout bounds how long a query waits for its turn, much longer than that
	// should take: a busy machine is no failure.
	turnTimeout = 30 * time.Second
	// slack is what an answer may take beyond the time that the agent waits.
	slack = 10 * time.Second
	// wholeAtOnce is how many queries without an index are under way at once. At
	// start and after an outage all watches have one, and hundreds of whole lists
	// at a time are a burden to the agent and memory to us.
	wholeAtOnce = 16
	// wholeTimeout is how long a query may wait to be one of these: time enough for
	// some thousand to have their turn on a busy machine.
	wholeTimeout = time.Minute
	// patience is how long a watch waits for its turn, about, when there are more
	// watches than connections.
	patience = 2 * time.Second
)

// errTurn ends queries that wait longer than they should since more watches
// joined than there are connections; it is no failure.
var errTurn = errors.New("another watch's turn")

// Client is one process's road to its Consul agent. All watches share it, so
// that they share its connections: with TLS they are multiplexed over HTTP/2,
// otherwise MaxConnections of them are under way at once and the others take
// turns, so short that each has its turn again after some two seconds.
//
// While there are watches, a heartbeat asks the agent who leads. An agent that
// does not answer, or knows no leader, has the waiting queries cut and their
// watches report a failure: a frozen agent, a silent firewall or a lost quorum
// shows within seconds, not when a five-minute query ends.
//
// A Client may be used from any goroutine. It owns no goroutine while nothing
// watches; Close drops its idle connections.
type Client struct {
	options   Options
	target    target
	tokens    *tokens
	gate      *gate
	whole     *gate // for queries that are answered at once, with all they ask for
	transport *transport
	api       *api.Client
	buffers   sync.Pool // of *[]byte, for answers

	mu      sync.Mutex
	watches int
	round   *round
	stop    context.CancelFunc // ends the heartbeat
	stopped chan struct{}
}

// round is the life of the queries that are under way together.
type round struct {
	ctx context.Context
	cut context.CancelCauseFunc
}

func newRound() *round {
	ctx, cut := context.WithCancelCause(context.Background())
	return &round{ctx: ctx, cut: cut}
}

// NewClient checks options. It opens no connection: an agent that is away is
// no error.
func NewClient(options Options) (*Client, error) {
	o, t, err := options.normalised()
	if err != nil {
		return nil, err
	}
	c := &Client{options: o, target: t, tokens: newTokens(o), gate: newGate(t.scheme, o.MaxConnections), whole: &gate{limit: wholeAtOnce}, round: newRound()}
	if c.transport, err = newTransport(o, t, c.tokens, c.gate); err != nil {
		return nil, fmt.Errorf("consul tls: %w", err)
	}
	c.api, err = newAPI(o, t, c.transport)
	return c, err
}

// API is Consul's own client over the same connections and token, for what is
// not a watch: registering services, reading single keys.
func (c *Client) API() *api.Client { return c.api }

// Close drops idle connections. Watches must have ended.
func (c *Client) Close() { c.transport.base.CloseIdleConnections() }

// join counts one more watch and returns its leave.
func (c *Client) join() (leave func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watches++
	if c.watches == 1 && c.options.Heartbeat > 0 {
		ctx, stop := context.WithCancel(context.Background())
		c.stop, c.stopped = stop, make(chan struct{})
		go c.heartbeat(ctx, c.stopped)
	}
	if c.watches == c.gate.places()+1 {
		c.endRound(errTurn)
	}
	return c.leave
}

func (c *Client) leave() {
	c.mu.Lock()
	c.watches--
	last, stop, stopped := c.watches == 0, c.stop, c.stopped
	if last {
		c.stop = nil
	}
	c.mu.Unlock()
	if last && stop != nil {
		stop()
		<-stopped
		c.Close()
	}
}

// endRound cuts every query under way; c.mu is held.
func (c *Client) endRound(cause error) {
	c.round.cut(cause)
	c.round = newRound()
}

// turn returns the current round and how long a blocking query may wait in it.
func (c *Client) turn() (*round, time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if places := c.gate.places(); c.watches > places {
		return c.round, min(patience, patience*time.Duration(places)/time.Duration(c.watches-places))
	}
	return c.round, c.options.Wait
}

// question is one GET of the HTTP API.
type question struct {
	path       string
	datacenter string
	filter     string
	near       string
	index      uint64        // 0: answer at once
	most       time.Duration // to wait for news; 0: as long as one may
	consistent bool          // the leader must answer, when it knows all there is
}

// ask asks the agent. The answer goes to out, a taker or else something that JSON
// is decoded into; one with the index that was asked for leaves out as it was. The
// error is errTurn, ctx's, or says what failed.
func (c *Client) ask(ctx context.Context, q question, out any) (*api.QueryMeta, error) {
	atOnce := q.index == 0
	if atOnce {
		if err := c.enter(ctx, c.whole, wholeTimeout, true); err != nil {
			return nil, err
		}
		defer c.whole.leave()
	}
	if err := c.enter(ctx, c.gate, turnTimeout, atOnce); err != nil {
		return nil, err
	}
	defer c.gate.leave()
	return c.askNow(ctx, q, out)
}

// enter waits for a place, but not without end.
func (c *Client) enter(ctx context.Context, g *gate, within time.Duration, urgent bool) error {
	ctx, cancel := context.WithTimeoutCause(ctx, within, fmt.Errorf("no connection to %s came free within %s", c.target, within))
	defer cancel()
	return g.enter(ctx, urgent)
}

func (c *Client) askNow(ctx context.Context, q question, out any) (*api.QueryMeta, error) {
	round, wait := c.turn()
	if q.most > 0 {
		wait = min(wait, q.most)
	}
	limit := askTimeout
	if q.index == 0 {
		wait = 0
	} else {
		limit = wait + wait/16 + slack
	}
	timeout := fmt.Errorf("no answer from %s within %s", c.target, limit)
	ctx, cancel := context.WithTimeoutCause(ctx, limit, timeout)
	defer cancel()
	ctx, cut := context.WithCancelCause(ctx)
	defer cut(nil)
	defer context.AfterFunc(round.ctx, func() { cut(context.Cause(round.ctx)) })()
	if t, ok := out.(taker); ok {
		ctx, out = context.WithValue(ctx, takerKey{}, t), new([]struct{})
	}
	meta, err := c.api.Raw().Query(q.path, out, c.queryOptions(ctx, q, wait))
	if err != nil {
		return nil, c.explain(ctx, err)
	}
	if !meta.KnownLeader && !streamed(meta) {
		return nil, errNoLeader
	}
	return meta, nil
}

func (c *Client) queryOptions(ctx context.Context, q question, wait time.Duration) *api.QueryOptions {
	o := &api.QueryOptions{
		Datacenter: q.datacenter, Filter: q.filter, Near: q.near,
		AllowStale: !c.options.Consistent && !q.consistent, RequireConsistent: q.consistent, WaitIndex: q.index, WaitTime: wait,
	}
	return o.WithContext(ctx)
}

// streamed reports whether the agent answered from the event stream that it keeps
// of a service. Such answers say nothing of leaders and ACLs, whatever is wrong
// (Consul 1.19, agent/rpcclient/health).
func streamed(meta *api.QueryMeta) bool { return meta.QueryBackend == "streaming" }

// healthPath is the path of the health endpoint of a service; the library escapes
// it.
func healthPath(service string) string { return "/v1/health/service/" + service }
