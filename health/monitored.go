package health

import (
	"fmt"
	"strings"
	"time"
)

// Result is what the probes of one target have led to.
type Result struct {
	// Verdict is Unknown until the first probe is over, then Up or Down.
	Verdict Verdict
	// Reason is for people: "probe ok", "probe failed: connection refused",
	// "probe failed 1 of 2: answered 503, expected 200-399".
	Reason string
	// Since is when the target got its verdict.
	Since time.Time
	// Probed is when the last probe ended; zero before the first.
	Probed time.Time
}

// monitored is one target inside a Monitor, guarded by its lock.
type monitored struct {
	target Target
	phase  float64 // its place in the interval, in [0,1)
	last   Result
	probes int // how many are over
	// contrary counts the last probes in a row that contradict the verdict.
	contrary int

	due   time.Time // when the next probe starts; while queued
	place int       // index in the schedule, or notQueued
}

// conclude takes in how a probe ended and reports whether the verdict or its
// reason has changed.
//
// The first probe decides at once, both ways: a host that nobody knows has no
// good name that a second failure would have to take away, and one that answers
// should not have to wait. After that it takes Failure or Success probes in a row.
func (h *monitored) conclude(err error, check Check, now time.Time) (changed bool) {
	before := h.last
	h.probes++
	h.last.Probed = now
	verdict, needed := Up, check.Success
	if err != nil {
		verdict, needed = Down, check.Failure
	}
	switch {
	case verdict == h.last.Verdict:
		h.contrary = 0
	case h.last.Verdict == Unknown || h.contrary+1 >= needed:
		h.contrary = 0
		h.last.Verdict, h.last.Since = verdict, now
	default:
		h.contrary++
	}
	h.last.Reason = h.reason(err, needed)
	return h.last.Verdict != before.Verdict || h.last.Reason != before.Reason
}

func (h *monitored) reason(err error, needed int) string {
	switch {
	case err == nil && h.contrary > 0:
		return fmt.Sprintf("probe ok %d of %d", h.contrary, needed)
	case err == nil:
		return "probe ok"
	case h.contrary > 0:
		return fmt.Sprintf("probe failed %d of %d: %s", h.contrary, needed, words(err))
	}
	return "probe failed: " + words(err)
}

// longestReason bounds, in bytes, what is told of a failed probe: the endpoint may have
// worded it.
const longestReason = 200

func words(err error) string {
	text := err.Error()
	if len(text) <= longestReason {
		return text
	}
	return strings.ToValidUTF8(text[:longestReason], "") + "..."
}

// inDoubt reports whether the next probe should come soon: to notice that a
// host is back, and to confirm what a single probe suggests (HAProxy's downinter
// and fastinter).
func (h *monitored) inDoubt() bool { return h.last.Verdict != Up || h.contrary > 0 }
