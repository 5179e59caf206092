package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"pingap-go/balance"
	"pingap-go/discovery"
	"pingap-go/discovery/consul"
	"pingap-go/endpoint"
	"pingap-go/internal/wire"
	"pingap-go/telemetry/metrics"
	"pingap-go/upstream"
	"pingap-go/upstream/limit"
)

// decoding measures the watcher alone: from Consul's answer, recorded before and
// after one change, to the snapshot.
func (a *agent) decoding(ctx context.Context, changed place) (figure, error) {
	var texts [2][]byte
	for n := range texts {
		changed.version = strconv.Itoa(10 + n)
		if err := a.set(changed); err != nil {
			return figure{}, err
		}
		text, err := a.answer(ctx, changed.service)
		if err != nil {
			return figure{}, err
		}
		texts[n] = text
	}
	r := &replay{texts: texts, send: make(chan time.Time, 1)}
	server := httptest.NewServer(r)
	defer server.Close()
	client, err := consul.NewClient(consul.Options{Address: server.URL, Heartbeat: -1})
	if err != nil {
		return figure{}, err
	}
	w, err := consul.NewWatcher(client, consul.Query{Service: changed.service})
	if err != nil {
		return figure{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	var watching sync.WaitGroup
	defer watching.Wait()
	defer cancel()
	news := make(arrivals, 1)
	watching.Go(func() { _ = w.Watch(ctx, news) })
	took, cpu, err := r.run(ctx, news)
	what := fmt.Sprintf("an answer of %d MB to its snapshot over loopback, both sides: CPU; time", len(texts[0])>>20)
	return told(what, fmt.Sprintf("%s; %s", short(cpu), newSpread(took))), err
}

func (a *agent) answer(ctx context.Context, service string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+a.http+"/v1/health/service/"+service, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	return io.ReadAll(res.Body)
}

// arrivals is a sink that tells when it is told.
type arrivals chan time.Time

func (a arrivals) Update(endpoint.Snapshot) { a <- time.Now() }
func (a arrivals) Fail(error)               {}

var _ discovery.Sink = arrivals(nil)

// replay is an agent that has two answers and gives the other one when told to.
type replay struct {
	texts [2][]byte
	send  chan time.Time
}

// ServeHTTP answers the first query at once, others when asked to.
func (r *replay) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	index, _ := strconv.Atoi(q.URL.Query().Get("index"))
	if index > 0 {
		select {
		case <-r.send:
		case <-q.Context().Done():
			return
		}
	}
	w.Header().Set("X-Consul-Index", strconv.Itoa(index+1))
	w.Header().Set("X-Consul-KnownLeader", "true")
	w.Header().Set("X-Consul-LastContact", "0")
	_, _ = w.Write(r.texts[index%2])
}

// run has the answers sent in turn and measures to the snapshots.
func (r *replay) run(ctx context.Context, news arrivals) (took []time.Duration, cpu time.Duration, err error) {
	const answers = 20
	var before time.Duration
	for n := range answers + 1 {
		if n == 1 { // the first is the one that decodes everything
			before = spent()
		}
		began := time.Now()
		if n > 0 {
			r.send <- began
		}
		select {
		case at := <-news:
			took = append(took, at.Sub(began))
		case <-time.After(10 * time.Second):
			return took, 0, errors.New("the watcher publishes nothing")
		}
		if err := rest(ctx, 120*time.Millisecond); err != nil {
			return took, 0, err
		}
	}
	return took[1:], (spent() - before) / answers, nil
}

// poolCosts measures a pool of 5,000 alone, from a snapshot in which one
// endpoint is another to the picker over the new view.
func poolCosts(ctx context.Context, updates int) (figures []figure, err error) {
	for _, algorithm := range []string{"round_robin", "least_conn", "hash:url"} {
		took, cpu, err := poolCost(ctx, algorithm, updates)
		if err != nil {
			return figures, err
		}
		what := fmt.Sprintf("snapshot to new view, %s: CPU; time", algorithm)
		got := fmt.Sprintf("%s; %s", short(cpu), newSpread(took))
		figures = append(figures, figure{what, got, "CPU < 20 ms", cpu < 20*time.Millisecond})
	}
	return figures, nil
}

// poolCost returns the time of each update, and the CPU time of this process for
// one, what the pool does afterwards and garbage included.
func poolCost(ctx context.Context, algorithm string, updates int) (took []time.Duration, cpu time.Duration, err error) {
	policy, err := balance.New(algorithm, balance.Settings{})
	if err != nil {
		return nil, 0, err
	}
	made := &stopwatch{Policy: policy, made: make(chan time.Time, 1)}
	feed := make(feeder)
	pool := upstream.New(upstream.Options{
		Name: "api", Discovery: "consul", Algorithm: algorithm, Watcher: feed, Policy: made,
		Budget: limit.NewBudget(0.2, 3), Metrics: metrics.New(metrics.Build{}).Upstream("api"),
		Watchdog: wire.NewWatchdog(), Log: slog.New(slog.DiscardHandler),
	})
	<-made.made // that of no hosts
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	running.Go(func() { pool.Run(ctx) })
	versions := [2]endpoint.Snapshot{membership(0), membership(1)}
	feed <- versions[0]
	<-made.made
	before := spent()
	for n := range updates {
		began := time.Now()
		feed <- versions[(n+1)%2]
		at := <-made.made
		took = append(took, at.Sub(began))
	}
	return took, (spent() - before) / time.Duration(updates), nil
}

// spent is the CPU time of this process so far.
func spent() time.Duration {
	var usage unix.Rusage
	_ = unix.Getrusage(unix.RUSAGE_SELF, &usage) // fails only for wrong arguments
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// membership is 5,000 endpoints of which one is another in each version.
func membership(version int) endpoint.Snapshot {
	list := make([]endpoint.Endpoint, largeInstances)
	for n := range list {
		list[n] = endpoint.Endpoint{
			ID: fmt.Sprintf("node/api-%04d", n), Name: fmt.Sprintf("api-%04d", n), Node: "node",
			Address: fmt.Sprintf("127.0.0.1:%d", 10000+n), Weight: 1, Tags: []string{"v1", "http"}, Note: "consul passing",
		}
	}
	list[version].ID += "-another"
	return endpoint.NewSnapshot(endpoint.Source{Kind: "consul", Index: uint64(version + 1)}, list, endpoint.Empty)
}

// feeder is a watcher that publishes what it is sent.
type feeder chan endpoint.Snapshot

func (f feeder) Watch(ctx context.Context, sink discovery.Sink) error {
	for {
		select {
		case s := <-f:
			sink.Update(s)
		case <-ctx.Done():
			return nil
		}
	}
}

// stopwatch is a policy that tells when it has made a picker, which the pool
// puts in force next.
type stopwatch struct {
	balance.Policy
	made chan time.Time
}

// Picker makes the policy's own.
func (s *stopwatch) Picker(candidates []balance.Candidate) balance.Picker {
	p := s.Policy.Picker(candidates)
	s.made <- time.Now()
	return p
}
