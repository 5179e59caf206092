package main

import (
	"errors"
	"slices"
	"time"
)

// outcome is what one connection, or all of them, saw in the time that counts.
type outcome struct {
	samples []time.Duration
	behind  int // requests that were due before the answer to the last one
	late    int // other requests that went out more than lateAfter after they were due
	err     error
}

// lateAfter is from when on a request is late by this program's own fault. With
// a core to itself a connection wakes some ten microseconds after it was due.
const lateAfter = time.Millisecond

// take adds one request. It counts from when it was due if it had to wait for the
// answer before it (behind), and otherwise from when it was sent.
func (o *outcome) take(due, sent, answered time.Time, behind bool) {
	from := sent
	switch {
	case behind:
		from = due
		o.behind++
	case sent.Sub(due) > lateAfter:
		o.late++
	}
	o.samples = append(o.samples, answered.Sub(from))
}

// join adds what another connection saw.
func (o *outcome) join(other outcome) {
	o.samples = append(o.samples, other.samples...)
	o.behind += other.behind
	o.late += other.late
	o.err = errors.Join(o.err, other.err)
}

// result is printed as one line of JSON. Times are in microseconds.
type result struct {
	Requests int     `json:"requests"`
	Behind   float64 `json:"behind"` // share of requests that were due before the answer to the last one
	Late     float64 `json:"late"`   // share of the other requests that this program sent over a millisecond late
	P50      float64 `json:"p50"`
	P99      float64 `json:"p99"`
	P999     float64 `json:"p999"`
}

// result sorts the samples. The zero result is that of no requests.
func (o *outcome) result() result {
	if len(o.samples) == 0 {
		return result{}
	}
	slices.Sort(o.samples)
	count := float64(len(o.samples))
	at := func(share float64) float64 {
		i := min(int(share*count), len(o.samples)-1)
		return float64(o.samples[i]) / float64(time.Microsecond)
	}
	return result{
		Requests: len(o.samples),
		Behind:   float64(o.behind) / count,
		Late:     float64(o.late) / max(1, count-float64(o.behind)),
		P50:      at(0.50),
		P99:      at(0.99),
		P999:     at(0.999),
	}
}
