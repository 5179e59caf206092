package proxy

import (
	"net/http"
	"sync/atomic"
	"time"
)

// dated is a Date field's value and the mono times between which it is true.
type dated struct {
	from, until int64
	text        string
}

var lastDate atomic.Pointer[dated]

// httpDate is the time of day at a mono time that is now, as RFC 9110 section
// 5.6.7 writes it. The wall clock is asked once a second.
func httpDate(now int64) string {
	if d := lastDate.Load(); d != nil && d.from <= now && now < d.until {
		return d.text
	}
	wall := time.Now()
	left := time.Second - time.Duration(wall.Nanosecond())
	d := &dated{now, now + int64(left), wall.UTC().Format(http.TimeFormat)}
	lastDate.Store(d)
	return d.text
}
