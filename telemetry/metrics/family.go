package metrics

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// family is all counters of one name. They are plain atomics that it collects at
// the scrape: a counter of client_golang with its labels takes some 700 bytes, and
// with thousands of upstreams there is a dozen for each.
type family struct {
	labelled *labelled

	mu      sync.Mutex // guards members
	members map[member]struct{}
}

// member is the series of one holder.
type member interface {
	// collect hands every counter with the values of its labels to out.
	collect(out func(total uint64, labels ...string))
}

func newFamily(name, help string, labels ...string) *family {
	return &family{labelled: newLabelled(prometheus.CounterValue, name, help, labels...), members: map[member]struct{}{}}
}

func (f *family) add(m member) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.members[m] = struct{}{}
}

func (f *family) remove(m member) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.members, m)
}

// Describe implements prometheus.Collector.
func (f *family) Describe(out chan<- *prometheus.Desc) { out <- f.labelled.desc }

// Collect implements prometheus.Collector.
func (f *family) Collect(out chan<- prometheus.Metric) {
	f.mu.Lock()
	members := make([]member, 0, len(f.members))
	for m := range f.members {
		members = append(members, m)
	}
	f.mu.Unlock()
	s := newScrape(out)
	for _, m := range members {
		m.collect(func(total uint64, labels ...string) { s.send(f.labelled, float64(total), labels...) })
	}
}
