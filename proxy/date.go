package proxy

import (
	"net/http"
	"sync/atomic"
	"time"
)

// dated is a Date field's value and the second it is true for.
type dated struct {
	second int64
	text   string
}

var lastDate atomic.Pointer[dated]

// httpDate is the current time as RFC 9110 section 5.6.7 writes it, formatted
// once a second.
func httpDate() string {
	now := time.Now()
	if d := lastDate.Load(); d != nil && d.second == now.Unix() {
		return d.text
	}
	d := &dated{now.Unix(), now.UTC().Format(http.TimeFormat)}
	lastDate.Store(d)
	return d.text
}
