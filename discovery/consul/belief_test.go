package consul

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pingap-go/discovery"
	"pingap-go/endpoint"
)

// answers of one service: "+" serves, "-" is critical, "m" in maintenance.
func listed(ids ...string) (endpoints []endpoint.Endpoint, critical []int) {
	for i, id := range ids {
		e := endpoint.Endpoint{ID: id[1:], Note: "consul passing"}
		switch id[0] {
		case '-':
			e.Barred, e.Note = "consul critical: check web", ""
			critical = append(critical, i)
		case 'm':
			e.Barred, e.Note = "consul maintenance: service", ""
		}
		endpoints = append(endpoints, e)
	}
	return endpoints, critical
}

func serving(endpoints []endpoint.Endpoint) (ids []string) {
	for _, e := range endpoints {
		if e.Eligible() {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

func TestWhoServesAfterAnOutage(t *testing.T) {
	away := errors.New("connection refused")
	stories := []struct {
		name   string
		before []string
		err    error
		after  time.Duration // since the first answer after err
		answer []string
		want   []string
	}{
		{"critical without an outage is out at once", []string{"+a", "+b"}, nil, 0, []string{"-a", "+b"}, []string{"b"}},
		{"critical after an outage is held", []string{"+a", "+b"}, away, 0, []string{"-a", "-b"}, []string{"a", "b"}},
		{"and held a moment later", []string{"+a", "+b"}, away, settling - 1, []string{"-a", "+b"}, []string{"a", "b"}},
		{"but not for ever", []string{"+a", "+b"}, away, settling, []string{"-a", "+b"}, []string{"b"}},
		{"who was out stays out", []string{"-a", "+b"}, away, 0, []string{"-a", "+b"}, []string{"b"}},
		{"who is new and critical is out", []string{"+b"}, away, 0, []string{"-a", "+b"}, []string{"b"}},
		{"maintenance is meant", []string{"+a", "+b"}, away, 0, []string{"ma", "+b"}, []string{"b"}},
		{"who has gone has gone", []string{"+a", "+b"}, away, 0, []string{"+b"}, []string{"b"}},
		{"a denial is no outage", []string{"+a", "+b"}, fmt.Errorf("403: %w", discovery.ErrDenied), 0, []string{"-a", "+b"}, []string{"b"}},
	}
	for _, s := range stories {
		t.Run(s.name, func(t *testing.T) {
			now := time.Now()
			b := newBelief(nil)
			before, critical := listed(s.before...)
			b.take(1, before, critical, now)
			if s.err != nil {
				b.shake(s.err)
				now = now.Add(time.Hour)
				before, critical = listed(s.before...)
				b.take(1, before, critical, now)
			}
			answer, critical := listed(s.answer...)
			b.take(2, answer, critical, now.Add(s.after))
			if got := serving(answer); fmt.Sprint(got) != fmt.Sprint(s.want) {
				t.Errorf("%v serve, want %v", got, s.want)
			}
		})
	}
}

// While a member is held the next look comes when the hold ends, and it is a look
// at all that there is.
func TestAHoldEndsByItself(t *testing.T) {
	c, err := NewClient(Options{Address: "127.0.0.1:1", Heartbeat: -1})
	if err != nil {
		t.Fatal(err)
	}
	w := newWatch(c, Query{Service: "api"}, "", nil)
	now := time.Now()
	serves, _ := listed("+a")
	w.belief.take(7, serves, nil, now)
	w.belief.shake(errors.New("connection refused"))
	critical, places := listed("-a")
	w.belief.take(9, critical, places, now)
	w.index, w.audited = 9, now
	if q := w.next(now.Add(time.Second)); q.index != 9 || q.most != settling-time.Second {
		t.Errorf("while it lasts the question is %+v", q)
	}
	if q := w.next(now.Add(settling)); q.index != 0 {
		t.Errorf("at its end the question is %+v", q)
	}
	w.index, w.belief.holding = 9, false
	if q := w.next(now.Add(c.options.Wait - 1)); q.index != 9 || q.most != 0 {
		t.Errorf("after that the question is %+v", q)
	}
	if q := w.next(now.Add(c.options.Wait)); q.index != 0 {
		t.Errorf("after a whole wait of streamed answers the question is %+v", q)
	}
}
