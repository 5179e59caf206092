package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Pool is the state of one upstream's pool at the moment of a scrape.
type Pool struct {
	Upstream string
	// Endpoints says how many there are of each verdict. Verdicts that nobody
	// has should be listed with 0, so that their series do not come and go.
	Endpoints []VerdictCount
	// Stale is true while discovery fails and the last good snapshot serves.
	Stale bool
	// Age is the time since the registry last answered, or since the start when
	// it has not answered yet.
	Age time.Duration
}

// VerdictCount is the number of endpoints with one verdict.
type VerdictCount struct {
	Verdict string
	Number  int
}

// Pools says where the state of the pools comes from; until it is called there
// is none. Scrapes call list, each on its own goroutine; it must not block. Of
// two pools with the same name the first counts.
func (m *Metrics) Pools(list func() []Pool) { m.pools.Store(&list) }

// poolStates collects the gauges of all pools at the scrape.
type poolStates Metrics

var (
	endpoints = newLabelled(prometheus.GaugeValue, "pingap_upstream_endpoints",
		"Endpoints by verdict.", "upstream", "verdict")
	stale = newLabelled(prometheus.GaugeValue, "pingap_discovery_stale",
		"1 while discovery fails and the last good membership serves.", "upstream")
	age = newLabelled(prometheus.GaugeValue, "pingap_discovery_age_seconds",
		"Time since the registry last answered.", "upstream")
)

// Describe implements prometheus.Collector.
func (c *poolStates) Describe(out chan<- *prometheus.Desc) {
	out <- endpoints.desc
	out <- stale.desc
	out <- age.desc
}

// Collect implements prometheus.Collector.
func (c *poolStates) Collect(out chan<- prometheus.Metric) {
	list := c.pools.Load()
	if list == nil {
		return
	}
	s, seen := newScrape(out), make(map[string]bool)
	for _, p := range (*list)() {
		if seen[p.Upstream] {
			continue
		}
		seen[p.Upstream] = true
		for _, e := range p.Endpoints {
			s.send(endpoints, float64(e.Number), p.Upstream, e.Verdict)
		}
		isStale := 0.0
		if p.Stale {
			isStale = 1
		}
		s.send(stale, isStale, p.Upstream)
		s.send(age, p.Age.Seconds(), p.Upstream)
	}
}
