package metrics

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"pingap-go/internal/pace"
)

// durations is all histograms of one name. Like the counters of a family they are
// plain atomics that are collected at the scrape: one of client_golang's takes ten
// times the memory, and of pointers, which the garbage collector follows again
// and again; with ten thousand locations there are as many histograms.
type durations struct {
	desc  *prometheus.Desc
	upper [len(bounds)]float64 // bounds, in seconds

	mu      sync.Mutex // guards members
	members map[*histogram]struct{}
}

// bounds are the upper bounds of the buckets of all histograms: fine where a
// local proxy lives (100 µs to 10 ms), coarse up to the largest time-out.
var bounds = [...]time.Duration{
	100 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond,
	time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond,
	50 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2500 * time.Millisecond, 5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute,
}

// histogram counts how long something took. It is a prometheus.Metric.
type histogram struct {
	family *durations
	labels []string

	counts [len(bounds) + 1]atomic.Uint64 // the last is what took longer than all bounds
	sum    atomic.Int64                   // nanoseconds
}

func newDurations(name, help string, labels ...string) *durations {
	d := &durations{desc: prometheus.NewDesc(name, help, labels, nil), members: map[*histogram]struct{}{}}
	for i := range bounds {
		d.upper[i] = bounds[i].Seconds()
	}
	return d
}

// with makes the histogram of some values of the labels.
func (d *durations) with(labels ...string) *histogram {
	h := &histogram{family: d, labels: labels}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.members[h] = struct{}{}
	return h
}

// close ends a histogram: it is no longer scraped.
func (h *histogram) close() {
	h.family.mu.Lock()
	defer h.family.mu.Unlock()
	delete(h.family.members, h)
}

// observe counts one event: two atomic adds.
func (h *histogram) observe(took time.Duration) {
	i := 0
	for i < len(bounds) && took > bounds[i] {
		i++
	}
	h.counts[i].Add(1)
	h.sum.Add(int64(took))
}

// Describe implements prometheus.Collector.
func (d *durations) Describe(out chan<- *prometheus.Desc) { out <- d.desc }

// Collect implements prometheus.Collector.
func (d *durations) Collect(out chan<- prometheus.Metric) {
	d.mu.Lock()
	members := make([]*histogram, 0, len(d.members))
	for h := range d.members {
		members = append(members, h)
	}
	d.mu.Unlock()
	var rests pace.Pace
	for i, h := range members {
		if i%batch == batch-1 {
			rests.Pause()
		}
		out <- h
	}
}

// Desc implements prometheus.Metric.
func (h *histogram) Desc() *prometheus.Desc { return h.family.desc }

// Write implements prometheus.Metric. An event that comes meanwhile may be in the
// counts and not yet in the sum.
func (h *histogram) Write(out *dto.Metric) error {
	list, upTo, total := make([]dto.Bucket, len(bounds)), make([]uint64, len(bounds)), uint64(0)
	written := &dto.Histogram{Bucket: make([]*dto.Bucket, len(bounds))}
	for i := range list {
		total += h.counts[i].Load()
		upTo[i] = total
		list[i].CumulativeCount, list[i].UpperBound = &upTo[i], &h.family.upper[i]
		written.Bucket[i] = &list[i]
	}
	total += h.counts[len(bounds)].Load()
	sum := time.Duration(h.sum.Load()).Seconds()
	written.SampleCount, written.SampleSum = &total, &sum
	out.Label, out.Histogram = prometheus.MakeLabelPairs(h.family.desc, h.labels), written
	return nil
}
