package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"pingap-go/balance"
	"pingap-go/discovery"
	"pingap-go/endpoint"
	"pingap-go/health"
	"pingap-go/internal/testkit"
	"pingap-go/internal/wire"
	"pingap-go/telemetry/metrics"
	"pingap-go/upstream/limit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// registry is a discovery.Watcher that publishes what a test tells it to.
type registry struct{ sink discovery.Sink }

func (r *registry) Watch(ctx context.Context, sink discovery.Sink) error {
	r.sink = sink
	<-ctx.Done()
	return nil
}

// lists says that these are the members.
func (r *registry) lists(endpoints ...endpoint.Endpoint) {
	r.sink.Update(endpoint.NewSnapshot(endpoint.Source{Kind: "test"}, endpoints, endpoint.Empty))
	synctest.Wait()
}

// fails says that the registry cannot tell.
func (r *registry) fails(why string) {
	r.sink.Fail(errors.New(why))
	synctest.Wait()
}

// clinic is a health.Probe whose patients are ill as a test says.
type clinic struct {
	mu  sync.Mutex
	ill map[string]string
}

// silent is the illness of a host whose probes do not come back.
const silent = "silent"

func (c *clinic) Probe(ctx context.Context, address string) error {
	c.mu.Lock()
	why := c.ill[address]
	c.mu.Unlock()
	switch why {
	case "":
		return nil
	case silent:
		<-ctx.Done()
	}
	return errors.New(why)
}

// says that whoever listens at address is ill; "" makes well.
func (c *clinic) says(address, why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ill == nil {
		c.ill = map[string]string{}
	}
	c.ill[address] = why
}

// rig is a pool with everything around it, in a bubble of its own time.
type rig struct {
	*Pool
	t        *testing.T
	registry *registry
	clinic   *clinic
	log      *testkit.Journal
	metrics  *metrics.Metrics
	stop     func()
}

// run runs a pool until the test ends. set changes its options.
func run(t *testing.T, set func(*Options)) *rig {
	r := prepare(t, set)
	r.start()
	synctest.Wait()
	return r
}

// prepare makes a pool that does not run yet.
func prepare(t *testing.T, set func(*Options)) *rig {
	r := &rig{t: t, registry: &registry{}, clinic: &clinic{}, log: &testkit.Journal{}, metrics: metrics.New(metrics.Build{})}
	r.Pool = r.pool(set)
	return r
}

// pool makes a pool of the rig's registry, probes, log and metrics.
func (r *rig) pool(set func(*Options)) *Pool {
	o := Options{
		Name: "api", Discovery: "test", Algorithm: "round_robin", Watcher: r.registry, Probe: r.clinic,
		Ejection: health.Rules{Off: true}, Budget: limit.NewBudget(0.2, 3),
		Now: func() int64 { return time.Now().UnixNano() }, IdleTimeout: time.Minute, KeepalivePool: 64,
		Metrics: r.metrics.Upstream("api"), Watchdog: wire.NewWatchdog(), Log: slog.New(slog.NewTextHandler(r.log, nil)),
	}
	if set != nil {
		set(&o)
	}
	if o.Policy == nil {
		o.Policy, _ = balance.New(o.Algorithm, balance.Settings{Sticky: o.Sticky})
	}
	return New(o)
}

func (r *rig) start() {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	p := r.Pool
	go func() { p.Run(ctx); close(ended) }()
	r.stop = func() { cancel(); <-ended }
	r.t.Cleanup(r.stop)
}

// one is an endpoint with that ID, at an address made from it.
func one(id string) endpoint.Endpoint {
	return endpoint.Endpoint{ID: id, Name: id, Address: id + ":80", Weight: 1}
}

func with(e endpoint.Endpoint, set func(*endpoint.Endpoint)) endpoint.Endpoint {
	set(&e)
	return e
}

// barred is an endpoint that its registry keeps from serving.
func barred(id, why string) endpoint.Endpoint {
	return with(one(id), func(e *endpoint.Endpoint) { e.Barred = why })
}

// lease leases a host as a fresh request would.
func (r *rig) lease() (Lease, error) {
	var ask balance.Ask
	return r.leaseFor(&ask)
}

func (r *rig) leaseFor(ask *balance.Ask) (Lease, error) {
	request := getRequest()
	r.Begin(ask, r.now(), request, "192.0.2.1")
	return r.Lease(context.Background(), ask)
}

// must leases a host and is sure to get one.
func (r *rig) must() Lease {
	r.t.Helper()
	l, err := r.lease()
	if err != nil {
		r.t.Fatal(err)
	}
	return l
}

// spread answers n requests with 200 and counts them by host.
func (r *rig) spread(n int) map[string]int {
	r.t.Helper()
	got := map[string]int{}
	for range n {
		l := r.must()
		got[strings.TrimSuffix(l.Address(), ":80")]++
		l.answer(200)
	}
	return got
}

// answer ends a lease with a status.
func (l *Lease) answer(status int) {
	l.Answered(status, l.began, time.Millisecond)
	l.Done()
}

// fail has one host answer a request with 500 until it is asked n times.
func (r *rig) fail(id string, n int) {
	r.t.Helper()
	for tries := 0; n > 0; tries++ {
		if tries > 1000 {
			r.t.Fatalf("%s is not picked any more", id)
		}
		l := r.must()
		if l.Address() != id+":80" {
			l.answer(200)
			continue
		}
		l.answer(500)
		n--
	}
	synctest.Wait()
}

// wantSpread wants four requests for each host named, and none for others.
func (r *rig) wantSpread(hosts ...string) {
	r.t.Helper()
	got := r.spread(4 * len(hosts))
	for _, id := range hosts {
		if got[id] == 0 {
			r.t.Errorf("%s gets nothing: %v", id, got)
		}
		delete(got, id)
	}
	if len(got) > 0 {
		r.t.Errorf("others get requests: %v", got)
	}
}

// of is the status of one endpoint.
func (r *rig) of(id string) EndpointStatus {
	r.t.Helper()
	for _, e := range endpointsOf(r.Status()) {
		if e.Endpoint.ID == id {
			return e
		}
	}
	r.t.Fatalf("%s is not in the status", id)
	return EndpointStatus{}
}

// wantVerdict compares one endpoint's verdict and the beginning of its reason.
func (r *rig) wantVerdict(id string, v health.Verdict, reason string) {
	r.t.Helper()
	if e := r.of(id); e.Verdict != v || !strings.HasPrefix(e.Reason, reason) {
		r.t.Errorf("%s is %s (%s), want %s (%s)", id, e.Verdict, e.Reason, v, reason)
	}
}

// series is how many series of the metrics have the text.
func (r *rig) series(text string) int {
	w := httptest.NewRecorder()
	r.metrics.Handler(slog.New(slog.DiscardHandler)).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	body, _ := io.ReadAll(w.Body)
	return strings.Count(string(body), text)
}

// bubble runs a story in a bubble of its own time.
func bubble(t *testing.T, story func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, story)
}

// pass lets time pass.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// many are endpoints e0000, e0001 and so on.
func many(n int) []endpoint.Endpoint {
	list := make([]endpoint.Endpoint, n)
	for i := range list {
		list[i] = one(fmt.Sprintf("e%04d", i))
	}
	return list
}

// endpointsOf lists all endpoints of a status.
func endpointsOf(s Status) (list []EndpointStatus) {
	for i := range s.Len() {
		list = append(list, s.Endpoint(i))
	}
	return list
}
