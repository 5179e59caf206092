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
// status code or the reason. It keeps the few values seen so far in a list that only
// grows, which a record scans without a lock: the value that came first stands first,
// and a counter beside its value, so that a record touches little memory.
type series[K comparable] struct {
	list   atomic.Pointer[counted[K]] // the first
	family *family
	labels []string       // the values of all labels but the last
	text   func(K) string // the value of the last label
	max    int            // distinct values; those beyond go to the zero key

	mu     sync.Mutex // guards growing and closing
	closed bool
}

type counted[K comparable] struct {
	key   K
	total atomic.Uint64
	next  atomic.Pointer[counted[K]]
}

func newSeries[K comparable](f *family, max int, text func(K) string, labels []string) *series[K] {
	s := &series[K]{family: f, labels: labels, text: text, max: max}
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
	c, _, _ := s.find(key)
	if c == nil {
		c = s.grow(key)
	}
	if c != nil {
		c.total.Add(1)
	}
}

// grow returns the counter of a key that the list did not hold, or nil when the
// series are over: a late answer must not bring them back.
func (s *series[K]) grow(key K) *counted[K] {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	c, end, n := s.find(key)
	if c == nil && n >= s.max {
		var beyond K
		key = beyond
		c, end, _ = s.find(key)
	}
	if c == nil {
		c = &counted[K]{key: key}
		end.Store(c)
	}
	return c
}

// find returns the counter of key, or nil and where the list of n ends.
func (s *series[K]) find(key K) (c *counted[K], end *atomic.Pointer[counted[K]], n int) {
	end = &s.list
	for c = end.Load(); c != nil && c.key != key; c = end.Load() {
		end, n = &c.next, n+1
	}
	return c, end, n
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
	for c := s.list.Load(); c != nil; c = c.next.Load() {
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
