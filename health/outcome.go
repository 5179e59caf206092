package health

import (
	"math/bits"
	"strings"
)

// Outcome is how one try at a host went, as far as it speaks for or against the host.
type Outcome uint8

// The outcomes. Anything the host answered itself below 500 is a success: a
// 404 or 429 is the client's doing, and a host that says so is well.
const (
	Success         Outcome = iota // answered, status below 500
	ServerError                    // answered 5xx
	ConnectFailed                  // no connection could be made
	ConnectTimedOut                // nor was one refused in time
	Reset                          // the connection broke before the answer was complete
	TimedOut                       // no answer in time
	Stalled                        // the answer stood still before it was complete
	ClientAborted                  // the client left first; counts for nothing
)

// outcomeNames are the failures in the plural, as reasons have them.
var outcomeNames = [...]string{"successes", "5xx", "connect failures", "connect time-outs", "resets", "time-outs", "stalls", "client aborts"}

// String is the outcome in the plural: "5xx", "connect failures".
func (o Outcome) String() string { return outcomeNames[o] }

// OutcomeOf is the outcome of a try that was answered with the status.
func OutcomeOf(status int) Outcome {
	if status >= 500 {
		return ServerError
	}
	return Success
}

// streak is failures in a row: their number in the low 32 bits, a bit for each
// kind of them above.
type streak uint64

func (s streak) length() int { return int(uint32(s)) }

func (s streak) extended(o Outcome) streak {
	if s.length() < 1<<31 {
		s++
	}
	return s | 1<<(32+o)
}

// kinds is "5xx", or "failures (5xx, time-outs)" for a mixture.
func (s streak) kinds() string {
	mask := uint32(s >> 32)
	var names []string
	for o := range outcomeNames {
		if mask&(1<<o) != 0 {
			names = append(names, outcomeNames[o])
		}
	}
	if bits.OnesCount32(mask) == 1 {
		return names[0]
	}
	return "failures (" + strings.Join(names, ", ") + ")"
}
