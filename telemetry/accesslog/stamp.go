package accesslog

import (
	"sync/atomic"
	"time"
)

// layout says how a time is written: the text before and after the fraction of
// a second, in the machine's zone or in UTC.
type layout struct {
	head, tail string
	millis     bool
	utc        bool
}

// times are the tags of the time. {when_clf} is the one that Apache's and
// nginx's formats bear in brackets.
var times = map[string]layout{
	"when":         {head: "2006-01-02T15:04:05", tail: "Z07:00", millis: true},
	"when_utc_iso": {head: "2006-01-02T15:04:05", tail: "Z", millis: true, utc: true},
	"when_clf":     {head: "02/Jan/2006:15:04:05 -0700"},
}

// stamp writes times of one layout and formats each second only once.
type stamp struct {
	layout layout
	last   atomic.Pointer[second]
}

// second is a formatted second.
type second struct {
	unix       int64
	head, tail string
}

// newStamp makes a field that appends when the entry was over.
func newStamp(l layout) field {
	s := &stamp{layout: l}
	return func(b []byte, e *Entry, _ string) []byte { return s.append(b, e.done()) }
}

func (s *stamp) append(b []byte, t time.Time) []byte {
	now := s.last.Load()
	if now == nil || now.unix != t.Unix() {
		now = s.format(t)
		s.last.Store(now)
	}
	b = append(b, now.head...)
	if s.layout.millis {
		b = appendPadded(append(b, '.'), int64(t.Nanosecond()/int(time.Millisecond)))
	}
	return append(b, now.tail...)
}

func (s *stamp) format(t time.Time) *second {
	unix := t.Unix()
	if s.layout.utc {
		t = t.UTC()
	} else {
		t = t.Local()
	}
	return &second{unix: unix, head: t.Format(s.layout.head), tail: t.Format(s.layout.tail)}
}
