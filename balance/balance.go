// Package balance chooses one endpoint of many. A Policy is an algorithm with
// its settings, one for the life of a pool; a Picker is the policy's immutable
// instance over one list of candidates, replaced (never changed) when the list
// or a weight changes.
//
//	policy, err := balance.New("least_conn", balance.Settings{})
//	picker := policy.Picker(candidates)
//	i := picker.Pick(&ask) // candidates[i], or -1
//
// Pick does no I/O, reads no clock, takes no lock and allocates nothing. What
// must survive a change of membership (requests in flight, latency) lives in
// Load, which belongs to the host and outlives every picker. The caller chooses
// the failover tier and leaves out what is not eligible: all candidates of one
// picker may serve.
package balance

import "sync/atomic"

// Load is the live state of one host that pickers read. The pool writes it.
// The zero value is a host that has never been used.
type Load struct {
	// InFlight counts tries under way.
	InFlight atomic.Int64
	// Latency is the peak-EWMA latency; see ewma.go.
	Latency EWMA
}

// Candidate is one host that may be picked.
type Candidate struct {
	// ID is the endpoint's identity; hash policies place keys by it.
	ID string
	// Weight is the effective weight, slow start included, relative to the
	// others'. A candidate of weight 0 is picked only when no other is left
	// untried (RFC 2782); when all are 0, all count the same.
	Weight float64
	// Load is the host's live state. It is also the host's identity in Ask.Tried.
	Load *Load
	// Token is what a sticky cookie holds for this host; see Token. Empty when
	// the pool is not sticky.
	Token string
}

// MaxTried bounds how many hosts one request may try.
const MaxTried = 8

// Ask is what a picker may know of one request. The caller owns and reuses it.
type Ask struct {
	// Key is the hash policies' key (path, header value, client address ...). A
	// request without one is spread over all.
	Key string
	// Sticky is the token the client brought in its cookie; empty for none.
	Sticky string
	// Now is the caller's monotonic clock in nanoseconds, for latency decay.
	Now int64
	// Random is a fresh random number for this pick.
	Random uint64
	tried  [MaxTried]*Load
	ntried int
}

// Reset makes the Ask ready for another request.
func (a *Ask) Reset() { *a = Ask{} }

// MarkTried records that a host had its try; pickers avoid it while another is
// left. Beyond MaxTried hosts nothing is recorded.
func (a *Ask) MarkTried(l *Load) {
	if a.ntried < MaxTried {
		a.tried[a.ntried] = l
		a.ntried++
	}
}

// Tries is how many tries are recorded.
func (a *Ask) Tries() int { return a.ntried }

// Forget leaves the first n tries recorded: those after them were none.
func (a *Ask) Forget(n int) { a.ntried = min(a.ntried, n) }

// Tried reports whether the host had its try.
func (a *Ask) Tried(l *Load) bool {
	for _, t := range a.tried[:a.ntried] {
		if t == l {
			return true
		}
	}
	return false
}

// Picker picks among the candidates it was made from. Request goroutines call
// Pick concurrently.
type Picker interface {
	// Pick returns the index of a candidate, or -1 when there is none. It avoids
	// candidates marked as tried, and returns a tried one only when all are.
	Pick(ask *Ask) int
}

// Policy makes pickers. It belongs to one pool and may keep what must survive
// from one picker to the next, such as the position of a rotation.
type Policy interface {
	// Picker is called from the pool's goroutine only. The picker keeps the
	// slice; the caller does not write to it again.
	Picker(candidates []Candidate) Picker
}
