package metrics

import (
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"pingap-go/internal/pace"
)

// labelled is a name with its labels, as samples need it.
type labelled struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	// names are the labels' names in order of the alphabet, which scrapes want, and
	// places where their values stand in the order of the caller.
	names  []string
	places []int
}

func newLabelled(kind prometheus.ValueType, name, help string, labels ...string) *labelled {
	l := &labelled{desc: prometheus.NewDesc(name, help, labels, nil), kind: kind}
	for i := range labels {
		l.places = append(l.places, i)
	}
	slices.SortFunc(l.places, func(a, b int) int { return strings.Compare(labels[a], labels[b]) })
	for _, place := range l.places {
		l.names = append(l.names, labels[place])
	}
	return l
}

// scrape makes samples for one scrape. Of thousands of upstreams there are tens of
// thousands, which all are in memory at once; their labels repeat themselves, so
// each is made once.
type scrape struct {
	out   chan<- prometheus.Metric
	pairs map[pair]*dto.LabelPair
	sent  int
	pace  pace.Pace // requests go on meanwhile
}

// batch is how many samples of ours client_golang may have to take in at a time,
// which costs it some microseconds for each.
const batch = 256

type pair struct{ name, value string }

func newScrape(out chan<- prometheus.Metric) *scrape {
	return &scrape{out: out, pairs: map[pair]*dto.LabelPair{}}
}

// send sends one sample; values are those of its labels.
func (s *scrape) send(l *labelled, value float64, values ...string) {
	labels := make([]*dto.LabelPair, len(l.names))
	for i, name := range l.names {
		labels[i] = s.label(pair{name, values[l.places[i]]})
	}
	if s.sent++; s.sent%batch == 0 {
		s.pace.Pause()
	}
	s.out <- &sample{labelled: l, labels: labels, value: value}
}

func (s *scrape) label(p pair) *dto.LabelPair {
	known := s.pairs[p]
	if known == nil {
		known = &dto.LabelPair{Name: new(p.name), Value: new(p.value)}
		s.pairs[p] = known
	}
	return known
}

// sample is a counter or a gauge at the moment of a scrape. It is a prometheus.Metric.
type sample struct {
	*labelled
	labels []*dto.LabelPair
	value  float64
}

// Desc implements prometheus.Metric.
func (s *sample) Desc() *prometheus.Desc { return s.desc }

// Write implements prometheus.Metric.
func (s *sample) Write(out *dto.Metric) error {
	out.Label = s.labels
	if s.kind == prometheus.CounterValue {
		out.Counter = &dto.Counter{Value: &s.value}
	} else {
		out.Gauge = &dto.Gauge{Value: &s.value}
	}
	return nil
}
