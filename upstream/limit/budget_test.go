package limit

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// at is a moment of the test's clock, in seconds from an arbitrary start.
func at(seconds float64) int64 { return int64(time.Hour) + int64(seconds*float64(time.Second)) }

// deposit counts requests spread evenly from one second to another.
func deposit(b *Budget, from, to float64, requests int) {
	for i := range requests {
		b.Deposit(at(from + (to-from)*float64(i)/float64(requests)))
	}
}

// withdraw asks for retries at one moment and returns how many were paid for.
func withdraw(b *Budget, when float64, wanted int) (paid int) {
	for range wanted {
		if b.Withdraw(at(when)) {
			paid++
		}
	}
	return paid
}

func TestBudget(t *testing.T) {
	for _, c := range []struct {
		name  string
		story func(b *Budget) int
		want  int
	}{
		{"no traffic: the floor of this second", func(b *Budget) int { return withdraw(b, 0, 100) }, 3},
		{"the floor again a second later", func(b *Budget) int { withdraw(b, 0, 100); return withdraw(b, 1, 100) }, 3},
		{"a fifth of the requests so far", func(b *Budget) int {
			deposit(b, 0, 1, 1000)
			return withdraw(b, 0.999, 1000)
		}, 200},
		{"share and floor do not add up", func(b *Budget) int {
			deposit(b, 0, 1, 1000)
			withdraw(b, 0.999, 1000)
			return withdraw(b, 1, 100)
		}, 0},
		{"little traffic: the floor is more than the share", func(b *Budget) int {
			deposit(b, 0, 1, 5)
			return withdraw(b, 0.999, 100)
		}, 3},
		{"ten calm seconds pay for a burst", func(b *Budget) int {
			deposit(b, 0, 10, 10_000)
			return withdraw(b, 9.999, 10_000)
		}, 2000},
		{"what was earlier is forgotten", func(b *Budget) int {
			deposit(b, 0, 10, 10_000)
			return withdraw(b, 25, 10_000)
		}, 3},
		{"retries are forgotten too", func(b *Budget) int {
			deposit(b, 0, 1, 1000)
			withdraw(b, 0.999, 1000)
			deposit(b, 12, 13, 1000)
			return withdraw(b, 12.999, 1000)
		}, 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			if paid := c.story(NewBudget(DefaultRatio, DefaultFloor)); paid != c.want {
				t.Errorf("%d retries paid for, want %d", paid, c.want)
			}
		})
	}
}

func TestBudgetWithOtherNumbers(t *testing.T) {
	for _, c := range []struct {
		name         string
		ratio, floor float64
		want         int // of 1000 retries after 100 requests, all in one second
	}{
		{"nothing", 0, 0, 0},
		{"negative is nothing", -1, -1, 0},
		{"no share", 0, 7, 7},
		{"no floor", 0.5, 0, 50},
		{"every request once", 1, 0, 100},
		{"a floor under one a second", 0, 0.5, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := NewBudget(c.ratio, c.floor)
			deposit(b, 0, 1, 100)
			if paid := withdraw(b, 0.999, 1000); paid != c.want {
				t.Errorf("%d retries paid for, want %d", paid, c.want)
			}
		})
	}
	half := NewBudget(0, 0.5)
	paid := 0
	for second := range 20 {
		paid += withdraw(half, float64(second), 10)
	}
	if paid != 10 {
		t.Errorf("a floor of a retry in two seconds paid for %d in 20 seconds", paid)
	}
}

// TestRetryStorm is the figure of issue 6: all hosts answer 503, every try that
// fails asks for another, up to three tries.
func TestRetryStorm(t *testing.T) {
	for _, perSecond := range []int{50, 1000} {
		b := NewBudget(DefaultRatio, DefaultFloor)
		requests, tries := 0, 0
		for i := range 20 * perSecond {
			now := at(float64(i) / float64(perSecond))
			b.Deposit(now)
			requests++
			for tries++; tries <= 3*requests && b.Withdraw(now); tries++ {
			}
		}
		load := float64(tries) / float64(requests)
		t.Logf("%d requests a second: upstream load %.4f x the clients'", perSecond, load)
		if load > 1.2 || load < 1.15 {
			t.Errorf("%d requests a second: upstream load %.4f x the clients', want 1.2 at most and nearly that", perSecond, load)
		}
	}
}

func TestBudgetIsNeverOverdrawn(t *testing.T) {
	b := NewBudget(0.2, 0)
	deposit(b, 0, 1, 1000)
	var paid atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { paid.Add(int64(withdraw(b, 0.999, 500))) })
	}
	wg.Wait()
	if n := paid.Load(); n > 200 || n < 190 {
		t.Errorf("%d retries paid for, want 200", n)
	}
}

func TestBudgetDoesNotAllocate(t *testing.T) {
	b := NewBudget(0.2, 3)
	if n := testing.AllocsPerRun(1000, func() { b.Deposit(at(0)); b.Withdraw(at(0)) }); n != 0 {
		t.Errorf("allocates %v times", n)
	}
}

func BenchmarkDeposit(b *testing.B) {
	budget := NewBudget(0.2, 3)
	for i := range b.N {
		budget.Deposit(int64(i) * 1000)
	}
}
