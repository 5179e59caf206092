package proxy

import (
	"net/http"
	"sync/atomic"
	"time"
)

// dated is a second of the day: the mono times between which it lasts, and what the
// wall clock and a Date field say at its beginning.
type dated struct {
	from, until int64
	wall        time.Time
	text        string
}

var lastDate atomic.Pointer[dated]

// second is the second of a mono time that is now, or was a moment ago. The wall
// clock is asked once in each, so that who sets it, or wakes a machine that has slept,
// is believed soon after.
func second(now int64) *dated {
	if d := lastDate.Load(); d != nil && d.from <= now && now < d.until {
		return d
	}
	wall := time.Now().Round(0)
	left := time.Second - time.Duration(wall.Nanosecond())
	d := &dated{now, now + int64(left), wall, wall.UTC().Format(http.TimeFormat)}
	lastDate.Store(d)
	return d
}

// httpDate is the time of day at a mono time as RFC 9110 section 5.6.7 writes it.
func httpDate(now int64) string { return second(now).text }

// timeOfDay is what the wall clock says at a mono time.
func timeOfDay(now int64) time.Time {
	d := second(now)
	return d.wall.Add(time.Duration(now - d.from))
}
