package metrics

import (
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// contract is what dashboards rely on: every family with its labels, in the
// order of the alphabet.
var contract = map[string]string{
	"pingap_requests_total":            "code,location,server,upstream",
	"pingap_request_duration_seconds":  "location,server",
	"pingap_requests_in_flight":        "server",
	"pingap_connections":               "server,state",
	"pingap_upstream_requests_total":   "code,endpoint,upstream",
	"pingap_upstream_duration_seconds": "upstream",
	"pingap_upstream_endpoints":        "upstream,verdict",
	"pingap_upstream_failures_total":   "reason,upstream",
	"pingap_upstream_retries_total":    "reason,upstream",
	"pingap_upstream_ejections_total":  "reason,upstream",
	"pingap_discovery_stale":           "upstream",
	"pingap_discovery_age_seconds":     "upstream",
	"pingap_discovery_updates_total":   "result,upstream",
	"pingap_config_reloads_total":      "result",
	"pingap_config_generation":         "",
	"pingap_build_info":                "commit,go,version",
	"pingap_access_log_dropped_total":  "",

	"pingap_tls_handshake_failures_total": "server",
}

// busy is a Metrics in which every family has at least one series.
func busy(t *testing.T) *Metrics {
	t.Helper()
	m := New(Build{Version: "1.2.3", Commit: "abc"})
	m.AccessLogDropped(func() uint64 { return 7 })
	m.Reloaded(Success, 3)
	m.Reloaded(Failure, 0)

	server := m.Server("http")
	server.Opened()
	server.Opened()
	server.Busy()
	server.Begin()
	server.HandshakeFailed()

	m.Route("http", "api", "backend").Done(200, 2*time.Millisecond)
	pool := m.Upstream("backend")
	pool.Answered(time.Millisecond)
	pool.Failure("connect")
	pool.Retry("connect")
	pool.Ejection("consecutive_5xx")
	pool.Update(Success)
	pool.Endpoint("a").Done(200)
	m.Pools(func() []Pool {
		return []Pool{
			{Upstream: "backend", Stale: true, Age: 90 * time.Second,
				Endpoints: []VerdictCount{{"up", 2}, {"down", 0}}},
			{Upstream: "backend", Age: time.Hour},
		}
	})
	return m
}

// A rate over a counter that springs up at 1 does not see the first event, and
// a dashboard does not find a name that is not there.
func TestRetriesAndEjectionsAreThereBeforeTheFirst(t *testing.T) {
	m := New(Build{})
	m.Upstream("backend")
	families := gather(t, m)
	for name, least := range map[string]int{
		"pingap_upstream_failures_total": 7, "pingap_upstream_retries_total": 8, "pingap_upstream_ejections_total": 3, "pingap_discovery_updates_total": 2,
	} {
		if n := len(families[name].GetMetric()); n < least {
			t.Errorf("%s has %d series before anything has happened", name, n)
		}
	}
}

func gather(t *testing.T, m *Metrics) map[string]*dto.MetricFamily {
	t.Helper()
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatalf("gather: %v", err)
	}
	byName := make(map[string]*dto.MetricFamily)
	for _, f := range families {
		byName[f.GetName()] = f
	}
	return byName
}

func TestNamesAndLabelsAreTheContracts(t *testing.T) {
	got := make(map[string]string)
	for name, family := range gather(t, busy(t)) {
		if !strings.HasPrefix(name, "pingap_") {
			continue
		}
		var labels []string
		for _, l := range family.Metric[0].Label {
			labels = append(labels, l.GetName())
		}
		slices.Sort(labels)
		got[name] = strings.Join(labels, ",")
	}
	if !maps.Equal(got, contract) {
		t.Errorf("families:\n got %v\nwant %v", got, contract)
	}
}

func TestScrapeShowsWhatWasRecorded(t *testing.T) {
	server := httptest.NewServer(busy(t).Handler(slog.New(slog.DiscardHandler)))
	defer server.Close()
	resp, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		`pingap_requests_total{code="200",location="api",server="http",upstream="backend"} 1`,
		`pingap_request_duration_seconds_bucket{location="api",server="http",le="0.0025"} 1`,
		`pingap_request_duration_seconds_bucket{location="api",server="http",le="0.001"} 0`,
		`pingap_requests_in_flight{server="http"} 1`,
		`pingap_connections{server="http",state="active"} 1`,
		`pingap_connections{server="http",state="idle"} 1`,
		`pingap_tls_handshake_failures_total{server="http"} 1`,
		`pingap_upstream_requests_total{code="200",endpoint="a",upstream="backend"} 1`,
		`pingap_upstream_endpoints{upstream="backend",verdict="up"} 2`,
		`pingap_upstream_endpoints{upstream="backend",verdict="down"} 0`,
		`pingap_discovery_stale{upstream="backend"} 1`,
		`pingap_discovery_age_seconds{upstream="backend"} 90`,
		`pingap_discovery_updates_total{result="failure",upstream="backend"} 0`,
		`pingap_config_reloads_total{result="failure"} 1`,
		`pingap_config_generation 3`,
		`pingap_access_log_dropped_total 7`,
		`go_goroutines `,
		`process_resident_memory_bytes `,
	} {
		if !strings.Contains(string(body), line) {
			t.Errorf("scrape lacks %s", line)
		}
	}
}

func TestCodesAreBounded(t *testing.T) {
	for name, c := range map[string]struct {
		code int
		want string
	}{
		"no answer": {0, "other"}, "smallest": {100, "100"}, "largest": {599, "599"},
		"too large": {600, "other"}, "negative": {-1, "other"}, "unassigned": {418, "418"},
	} {
		t.Run(name, func(t *testing.T) {
			m := New(Build{})
			m.Route("s", "l", "u").Done(c.code, 0)
			for _, l := range gather(t, m)["pingap_requests_total"].Metric[0].Label {
				if l.GetName() == "code" && l.GetValue() != c.want {
					t.Errorf("code = %q, want %q", l.GetValue(), c.want)
				}
			}
		})
	}
}

func TestReasonsAreBounded(t *testing.T) {
	m := New(Build{})
	u := m.Upstream("u")
	for i := range 1000 {
		u.Retry(strings.Repeat("x", i+1))
	}
	if n := len(gather(t, m)["pingap_upstream_retries_total"].Metric); n > maxReasons+1 {
		t.Errorf("%d series of 1000 reasons, want at most %d", n, maxReasons+1)
	}
}

// count is the number of series of the pingap_ families that bear a label value.
func count(t *testing.T, m *Metrics, value string) (n int) {
	t.Helper()
	for _, family := range gather(t, m) {
		for _, metric := range family.Metric {
			if slices.ContainsFunc(metric.Label, func(l *dto.LabelPair) bool { return l.GetValue() == value }) {
				n++
			}
		}
	}
	return n
}

func TestSeriesEndWithTheirLastHolder(t *testing.T) {
	m := New(Build{})
	first, second := m.Route("s", "loc", "u"), m.Route("s", "loc", "u")
	first.Done(200, 0)
	second.Done(200, 0)
	first.Release()
	if got := gather(t, m)["pingap_requests_total"].Metric[0].Counter.GetValue(); got != 2 {
		t.Errorf("after a reload the counter is %v, want 2", got)
	}
	second.Release()
	second.Done(200, 0)
	second.Done(404, 0)
	if n := count(t, m, "loc"); n != 0 {
		t.Errorf("%d series are left after the last release and late records, want 0", n)
	}
}

func TestChurnLeavesNoSeries(t *testing.T) {
	m := New(Build{})
	pool := m.Upstream("churned")
	for i := range 500 {
		e := pool.Endpoint("10.0.0.1:" + codeText(1000+i))
		e.Done(200)
		e.Done(503)
		e.Release()
	}
	server := m.Server("churned")
	server.Release()
	pool.Release()
	if n := count(t, m, "churned"); n != 0 {
		t.Errorf("%d series are left, want 0", n)
	}
	if n := len(m.endpoints.held) + len(m.upstreams.held) + len(m.servers.held); n != 0 {
		t.Errorf("%d instruments are still held, want 0", n)
	}
}

func TestConcurrentFirstRecordsAreAllCounted(t *testing.T) {
	m := New(Build{})
	route := m.Route("s", "l", "u")
	done := make(chan struct{})
	for range 8 {
		go func() {
			for code := 200; code < 260; code++ {
				route.Done(code, 0)
			}
			done <- struct{}{}
		}()
	}
	for range 8 {
		<-done
	}
	total := 0.0
	for _, metric := range gather(t, m)["pingap_requests_total"].Metric {
		total += metric.Counter.GetValue()
	}
	if total != 8*60 {
		t.Errorf("counted %v, want %d", total, 8*60)
	}
}

// request is what one proxied request records.
func request(s *Server, r *Route, u *Upstream, e *Endpoint) {
	s.Busy()
	s.Begin()
	e.Done(200)
	u.Answered(2 * time.Millisecond)
	r.Done(200, 3*time.Millisecond)
	s.End()
	s.Idle()
}

func TestRecordingAllocatesNothing(t *testing.T) {
	m := New(Build{})
	s, r, u := m.Server("s"), m.Route("s", "l", "u"), m.Upstream("u")
	e := u.Endpoint("e")
	request(s, r, u, e)
	if n := testing.AllocsPerRun(1000, func() { request(s, r, u, e) }); n != 0 {
		t.Errorf("%v allocations a request, want 0", n)
	}
}

// BenchmarkRequest is the cost of all records of one request; 300 ns is the bound.
func BenchmarkRequest(b *testing.B) {
	m := New(Build{})
	s, r, u := m.Server("s"), m.Route("s", "l", "u"), m.Upstream("u")
	e := u.Endpoint("e")
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			request(s, r, u, e)
		}
	})
}
