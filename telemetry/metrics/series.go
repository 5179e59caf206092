package metrics

import (
	"strconv"
	"sync"
	"sync/atomic"
)

// other stands for every label value outside the bound of its label.
const other = "other"

// maxReasons bounds the distinct values of the labels "reason" and "result".
const maxReasons = 32

// series are the counters of one family that differ in one last label only: the
// status code or the reason. It keeps the few values seen so far in an immutable
// list, which a record scans without a lock; a new value makes a longer list.
type series[K comparable] struct {
	family *family
	labels []string       // the values of all labels but the last
	text   func(K) string // the value of the last label
	max    int            // distinct values; those beyond go to the zero key

	list atomic.Pointer[[]counted[K]]

	mu     sync.Mutex // guards growing and closing
	closed bool
}

type counted[K comparable] struct {
	key   K
	total *atomic.Uint64
}

func newSeries[K comparable](f *family, max int, text func(K) string, labels []string) *series[K] {
	s := &series[K]{family: f, labels: labels, text: text, max: max}
	s.list.Store(new([]counted[K]))
	f.add(s)
	return s
}

// newCodes are series by status code.
func newCodes(f *family, labels ...string) *series[int] {
	return newSeries(f, 501, codeText, labels)
}

// newReasons are series by a short word from our own code.
func newReasons(f *family, labels ...string) *series[string] {
	return newSeries(f, maxReasons, reasonText, labels)
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
			c.total.Add(1)
			return
		}
	}
	if total := s.grow(key); total != nil {
		total.Add(1)
	}
}

// grow returns the counter of a key that the list did not hold, or nil when the
// series are over: a late answer must not bring them back.
func (s *series[K]) grow(key K) *atomic.Uint64 {
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
			return c.total
		}
	}
	total := new(atomic.Uint64)
	grown := append(append(make([]counted[K], 0, len(old)+1), old...), counted[K]{key, total})
	s.list.Store(&grown)
	return total
}

// close ends the series: they are no longer scraped.
func (s *series[K]) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.family.remove(s)
}

// collect implements member.
func (s *series[K]) collect(out func(total uint64, labels ...string)) {
	for _, c := range *s.list.Load() {
		out(c.total.Load(), append(append(make([]string, 0, len(s.labels)+1), s.labels...), s.text(c.key))...)
	}
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
