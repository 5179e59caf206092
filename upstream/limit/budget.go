package limit

import (
	"math"
	"sync/atomic"
	"time"
)

const (
	// DefaultRatio is the share of requests that may be retried.
	DefaultRatio = 0.2
	// DefaultFloor is how many retries a second are always allowed.
	DefaultFloor = 3.0

	// BudgetWindow is how long a request counts.
	BudgetWindow = 10 * time.Second

	slots     = 16 // ring of seconds; a power of two above the window's 10
	inWindow  = int64(BudgetWindow / time.Second)
	countBits = 32
	countMask = 1<<countBits - 1
)

// Budget says whether a retry may be made: when the retries of the last ten
// seconds, this one included, stay within a share of the requests of the same
// time, or when there have been fewer than a floor, which lets pools with
// little traffic retry at all. The two do not add up: as soon as the traffic's
// share is above the floor, the floor gives nothing. The idea and the window
// are Finagle's and linkerd's (their floor of 10 a second is added).
//
// A window of that length lets a burst of retries go through when one host of a
// healthy pool dies, on what the calm seconds before have saved; in a storm
// that lasts, the load is at most 1 + ratio times the clients'.
//
// Any goroutine may call it; it takes no lock and allocates nothing. The zero
// Budget pays for nothing; NewBudget makes a useful one.
type Budget struct {
	ratio       float64
	floorWindow float64 // retries that the floor allows in a window
	floorSecond uint64  // and in one second

	requests [slots]counter
	retries  [slots]counter
}

// counter counts the events of one second: the second in the high bits, the
// number in the low ones.
type counter struct{ atomic.Uint64 }

// NewBudget returns a Budget of that share of the requests and that many
// retries a second at least. A negative number counts as 0; NewBudget(0, 0)
// pays for nothing.
func NewBudget(ratio, floor float64) *Budget {
	ratio, floor = max(ratio, 0), max(floor, 0)
	return &Budget{
		ratio:       ratio,
		floorWindow: floor * float64(inWindow),
		floorSecond: uint64(math.Ceil(floor)),
	}
}

// Deposit counts one request. now is the caller's monotonic clock in
// nanoseconds, here and in Withdraw.
func (b *Budget) Deposit(now int64) {
	second := now / int64(time.Second)
	b.requests[second%slots].add(second)
}

// Withdraw reports whether one more retry may be made, and counts it if so.
func (b *Budget) Withdraw(now int64) bool {
	second := now / int64(time.Second)
	slot := &b.retries[second%slots]
	thisSecond := slot.add(second) // first counted, then judged: two at once cannot both take the last
	retries := total(&b.retries, second)
	if float64(retries) <= b.ratio*float64(total(&b.requests, second)) ||
		float64(retries) <= b.floorWindow && thisSecond <= b.floorSecond {
		return true
	}
	slot.takeBack(second)
	return false
}

// stamp is the second that a counter's value belongs to.
func stamp(value uint64) uint32 { return uint32(value >> countBits) }

// add counts one event and returns how many this second has had.
func (c *counter) add(second int64) uint64 {
	for {
		old := c.Load()
		if stamp(old) == uint32(second) {
			return c.Add(1) & countMask
		}
		if c.CompareAndSwap(old, uint64(uint32(second))<<countBits|1) {
			return 1
		}
	}
}

// takeBack undoes one add of the second, unless that is long over.
func (c *counter) takeBack(second int64) {
	for {
		old := c.Load()
		if stamp(old) != uint32(second) || old&countMask == 0 || c.CompareAndSwap(old, old-1) {
			return
		}
	}
}

// total is the number of events in the window that ends with the second.
func total(ring *[slots]counter, second int64) (n uint64) {
	for i := range ring {
		value := ring[i].Load()
		if age := uint32(second) - stamp(value); age < uint32(inWindow) {
			n += value & countMask
		}
	}
	return n
}
