package engine

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"pingap-go/balance"
	"pingap-go/config"
	"pingap-go/endpoint"
	"pingap-go/health"
	"pingap-go/upstream"
	"pingap-go/upstream/limit"
)

// poolKey is all of the configuration that a pool depends on. A reload that
// leaves it alone leaves the pool alone.
type poolKey struct {
	Upstream  config.Upstream
	Consul    config.Consul // only of kind consul
	Keepalive int
}

func (b *builder) keyOf(u *config.Upstream) poolKey {
	k := poolKey{Upstream: *u, Keepalive: b.config.Basic.KeepalivePoolSize}
	if u.Discovery == "consul" {
		k.Consul = b.config.Consul
	}
	return k
}

// buildPools takes over the pools that did not change and makes the others,
// without starting them.
func (b *builder) buildPools() {
	for name, u := range b.config.Upstreams {
		key := b.keyOf(u)
		old := b.old.pools[name]
		if old != nil && reflect.DeepEqual(*old.key, key) {
			b.next.pools[name] = old
			continue
		}
		if old != nil && !sameMembership(*old.key, key) {
			old = nil
		}
		pool, err := b.newPool(u, old)
		if err != nil {
			b.report(err, "upstreams", name)
			continue
		}
		b.next.pools[name] = &runningPool{key: &key, pool: pool, from: old, done: make(chan struct{})}
	}
}

// newPool makes a pool. old, unless nil, is the one whose hosts it will inherit.
func (b *builder) newPool(u *config.Upstream, old *runningPool) (*upstream.Pool, error) {
	inFlight := new(atomic.Int64)
	if old != nil {
		inFlight = old.pool.InFlight()
	}
	o, err := b.engine.poolOptions(u, b.config.Basic.KeepalivePoolSize, inFlight)
	if err != nil {
		return nil, err
	}
	if b.engine.saved != nil && u.Discovery != "static" {
		name := savedName(u.Name, b.keyOf(u))
		o.Save = func(s endpoint.Snapshot) error { return b.engine.saved.Save(name, s) }
		o.Seed = b.savedMembers(name, u)
	}
	if o.Watcher, err = b.newWatcher(u, known(o.Seed, old)); err != nil {
		o.Metrics.Release()
		return nil, err
	}
	return upstream.New(o), nil
}

// poolOptions are those of an upstream's pool, but for who watches its registry.
func (e *Engine) poolOptions(u *config.Upstream, keepalive int, inFlight *atomic.Int64) (upstream.Options, error) {
	o := upstream.Options{
		Name: u.Name, Discovery: u.Discovery, Algorithm: u.Algorithm, InFlight: inFlight,
		KeepEmpty: u.OnEmpty == "keep", Panic: u.Panic, SlowStart: u.SlowStart,
		Ejection: ejectionRules(&u.Ejection), Retry: retryRules(&u.Retry),
		Budget: limit.NewBudget(u.Retry.Budget, u.Retry.BudgetFloor), MaxPerHost: perHost(u),
		IdleTimeout: u.IdleTimeout, KeepalivePool: keepalive, KeepaliveRequests: u.KeepaliveRequests,
		Watchdog: e.dog, Log: e.log,
	}
	steps := []func(*upstream.Options, *config.Upstream) error{setTLS, setPolicy, setCheck, setLimits, setHedge}
	for _, set := range steps {
		if err := set(&o, u); err != nil {
			return o, err
		}
	}
	o.Metrics = e.metrics.Upstream(u.Name)
	return o, nil
}

func setPolicy(o *upstream.Options, u *config.Upstream) (err error) {
	if o.Cookie, err = balance.ParseSticky(u.Sticky); err != nil {
		return err
	}
	o.Sticky = o.Cookie != ""
	o.Key, _ = balance.ParseKey(u.Algorithm)
	o.Policy, err = balance.New(u.Algorithm, balance.Settings{
		Start: rand.Uint64(), Bound: u.HashBalance, InFlight: o.InFlight, Sticky: o.Sticky,
	})
	return err
}

func setTLS(o *upstream.Options, u *config.Upstream) error {
	o.Protocol = protocol(u)
	if !u.TLS {
		return nil
	}
	o.TLS = &tls.Config{ServerName: u.SNI, InsecureSkipVerify: !u.VerifyCert, MinVersion: tls.VersionTLS12}
	if u.CAFile == "" {
		return nil
	}
	pem, err := os.ReadFile(u.CAFile)
	if err != nil {
		return &keyError{"ca_file", err}
	}
	o.TLS.RootCAs = x509.NewCertPool()
	if !o.TLS.RootCAs.AppendCertsFromPEM(pem) {
		return &keyError{"ca_file", fmt.Errorf("%s holds no certificate", u.CAFile)}
	}
	return nil
}

// protocol is what is spoken to an upstream. Without TLS nothing is negotiated:
// "h2" is prior knowledge then, and "h2h1" is HTTP/1.1.
func protocol(u *config.Upstream) upstream.Protocol {
	switch {
	case u.ALPN == "h2":
		return upstream.HTTP2
	case u.ALPN == "h2h1" && u.TLS:
		return upstream.Negotiated
	}
	return upstream.HTTP1
}

func setCheck(o *upstream.Options, u *config.Upstream) error {
	if u.Health == nil {
		return nil
	}
	check, err := healthCheck(u.Health)
	if err != nil {
		return err
	}
	check.TLSConfig = o.TLS
	o.Check = &check
	o.Probe, err = health.NewProbe(check)
	return err
}

func setLimits(o *upstream.Options, u *config.Upstream) error {
	l := &u.Limits
	if l.MaxInFlight == 0 && !l.Adaptive {
		return nil
	}
	most := l.MaxInFlight
	if l.Adaptive {
		o.Adaptive = limit.NewAdaptive(limit.AdaptiveRules{Max: l.MaxInFlight})
		most = o.Adaptive.Limit()
	}
	o.Gate = limit.NewGate(most, l.Queue, l.QueueTimeout)
	return nil
}

// setHedge reads hedge_after: a duration, or a percentile such as "p95".
func setHedge(o *upstream.Options, u *config.Upstream) (err error) {
	text := u.Retry.HedgeAfter
	if text == "" {
		return nil
	}
	if p, ok := strings.CutPrefix(text, "p"); ok {
		o.Hedge.Percentile, err = strconv.ParseFloat(p, 64)
		if err != nil || o.Hedge.Percentile <= 0 || o.Hedge.Percentile >= 100 {
			return fmt.Errorf("retry.hedge_after: %q is not a percentile between p0 and p100", text)
		}
		return nil
	}
	if o.Hedge.After, err = time.ParseDuration(text); err != nil {
		return fmt.Errorf("retry.hedge_after: %w", err)
	}
	return nil
}

// healthCheck is a configured check as its package wants it.
func healthCheck(h *config.HealthCheck) (health.Check, error) {
	status, err := health.ParseStatus(h.Status)
	return health.Check{
		Scheme: h.Scheme, Host: h.Host, Path: h.Path, Status: status, Body: h.Body, Service: h.Service, TLS: h.TLS,
		Frequency: h.Frequency, DownFrequency: h.DownFrequency, ConnectTimeout: h.ConnectionTimeout, ReadTimeout: h.ReadTimeout,
		Success: h.Success, Failure: h.Failure,
	}, err
}

// leastShare is max_share = 0 in health's words, where 0 is the default: one host.
const leastShare = 1e-9

func ejectionRules(e *config.Ejection) health.Rules {
	consecutive := e.ConsecutiveFailures
	if consecutive == 0 {
		consecutive = -1 // health's word for off
	}
	return health.Rules{
		Off: !e.Enabled, Consecutive: consecutive, IgnoreSuccessRate: !e.SuccessRate, Interval: e.Interval,
		MinRequests: e.MinRequests, MinHosts: e.MinHosts, BaseTime: e.BaseTime, MaxTime: e.MaxTime,
		MaxShare: max(e.MaxShare, leastShare),
	}
}

func retryRules(r *config.Retry) upstream.Retry {
	rules := upstream.Retry{
		Attempts: r.Attempts, PerTryTimeout: r.PerTryTimeout, Backoff: r.Backoff, ReplayBuffer: int64(r.ReplayBuffer),
	}
	for _, on := range r.On {
		rules.On = append(rules.On, upstream.Reason(on))
	}
	return rules
}

// perHost is the smaller of the two bounds on one endpoint: as long as a request
// has a connection to itself, bounding connections bounds requests.
func perHost(u *config.Upstream) int64 {
	a, b := u.MaxConnections, u.Limits.MaxInFlightEndpoint
	switch {
	case a == 0:
		return int64(b)
	case b == 0:
		return int64(a)
	}
	return int64(min(a, b))
}
