// Package mono is the monotonic clock as a number, for measuring durations on
// the request path without carrying time.Time values around.
//
//	start := mono.Now()
//	took := mono.Since(start)
package mono

import "time"

var base = time.Now()

// Now is the nanoseconds since the process began. It never goes back.
func Now() int64 { return int64(time.Since(base)) }

// Since is the time that has passed since Now answered start.
func Since(start int64) time.Duration { return time.Duration(Now() - start) }
