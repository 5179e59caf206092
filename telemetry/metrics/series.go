package metrics

import (
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// other stands for every label value outside the bound of its label.
const other = "other"

// maxReasons bounds the distinct values of the labels "reason" and "result".
const maxReasons = 32

// series are the counters of one family that differ in one last label only: the
// status code or the reason. It keeps the few values seen so far in an immutable
// list, which a record scans without a lock; a new value makes a longer list.
type series[K comparable] struct {
	vec    *prometheus.CounterVec
	labels []string       // the values of all labels but the last
	text   func(K) string // the value of the last label
	max    int            // distinct values; those beyond go to the zero key

	list atomic.Pointer[[]counted[K]]

	mu     sync.Mutex // guards growing and closing
	closed bool
}

type counted[K comparable] struct {
	key     K
	counter prometheus.Counter
}

func newSeries[K comparable](vec *prometheus.CounterVec, max int, text func(K) string, labels ...string) *series[K] {
	s := &series[K]{vec: vec, labels: labels, text: text, max: max}
	s.list.Store(new([]counted[K]))
	return s
}

// newCodes are series by status code.
func newCodes(vec *prometheus.CounterVec, labels ...string) *series[int] {
	return newSeries(vec, 501, codeText, labels...)
}

// newReasons are series by a short word from our own code.
func newReasons(vec *prometheus.CounterVec, labels ...string) *series[string] {
	return newSeries(vec, maxReasons, reasonText, labels...)
}

// expect makes the counters of keys before there is anything to count, so that
// the first event is seen as a rise from 0.
func (s *series[K]) expect(keys ...K) {
	for _, key := range keys {
		s.grow(key)
	}
}

// inc adds one to the counter of key.
func (s *series[K]) inc(key K) {
	for _, c := range *s.list.Load() {
		if c.key == key {
			c.counter.Inc()
			return
		}
	}
	if c := s.grow(key); c != nil {
		c.Inc()
	}
}

// grow returns the counter of a key that the list did not hold, or nil when the
// series are over: a late answer must not bring them back.
func (s *series[K]) grow(key K) prometheus.Counter {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	old := *s.list.Load()
	if len(old) >= s.max {
		var beyond K
		key = beyond
	}
	for _, c := range old {
		if c.key == key {
			return c.counter
		}
	}
	c := s.vec.WithLabelValues(s.values(key)...)
	grown := append(append(make([]counted[K], 0, len(old)+1), old...), counted[K]{key, c})
	s.list.Store(&grown)
	return c
}

// close ends the series: they are no longer scraped.
func (s *series[K]) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, c := range *s.list.Load() {
		s.vec.DeleteLabelValues(s.values(c.key)...)
	}
}

func (s *series[K]) values(key K) []string {
	return append(append(make([]string, 0, len(s.labels)+1), s.labels...), s.text(key))
}

// boundCode maps what is no HTTP status (RFC 9110 section 15) to 0.
func boundCode(code int) int {
	if code < 100 || code > 599 {
		return 0
	}
	return code
}

func codeText(code int) string {
	if code == 0 {
		return other
	}
	return strconv.Itoa(code)
}

func reasonText(reason string) string {
	if reason == "" {
		return other
	}
	return reason
}
