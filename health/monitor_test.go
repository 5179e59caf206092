package health

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// stage is a probe whose answers a test directs, and a record of what was
// asked and reported. It is used inside a synctest bubble.
type stage struct {
	mu      sync.Mutex
	started time.Time
	takes   time.Duration        // how long each probe takes
	ill     map[string]error     // by address
	asked   map[string][]float64 // when each address was probed, in seconds
	busy    map[string]bool      // addresses that are being probed
	running int                  // probes under way
	most    int                  // largest number of probes under way at once
	reports []string
}

func newStage() *stage {
	return &stage{started: time.Now(), ill: map[string]error{}, asked: map[string][]float64{}, busy: map[string]bool{}}
}

func (s *stage) Probe(ctx context.Context, address string) error {
	s.mu.Lock()
	s.asked[address] = append(s.asked[address], s.clock())
	if s.busy[address] {
		panic("two probes of " + address + " at once")
	}
	s.busy[address] = true
	s.running++
	s.most = max(s.most, s.running)
	takes, err := s.takes, s.ill[address]
	s.mu.Unlock()
	defer s.leave(address)
	select {
	case <-time.After(takes):
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *stage) leave(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy[address] = false
	s.running--
}

// probed returns when each address was probed.
func (s *stage) probed() map[string][]float64 {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.asked)
}

func (s *stage) clock() float64 { return time.Since(s.started).Seconds() }

func (s *stage) report(t Target, r Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reports = append(s.reports, fmt.Sprintf("%s %s: %s", t.ID, r.Verdict, r.Reason))
}

// told returns the reports since the last call.
func (s *stage) told() string {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	told := strings.Join(s.reports, "; ")
	s.reports = nil
	return told
}

func (s *stage) makeIll(address, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ill[address] = errors.New(why)
}

func (s *stage) cure(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.ill, address)
}

// play runs a monitor over the stage, with a director's script in virtual time.
func play(t *testing.T, check Check, script func(*stage, *Monitor)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newStage()
		m := NewMonitor(check, s, s.report)
		m.random, m.phase = rand.New(rand.NewPCG(1, 2)).Float64, 0
		ctx, cancel := context.WithCancel(t.Context())
		stopped := make(chan struct{})
		go func() { m.Run(ctx); close(stopped) }()
		script(s, m)
		cancel()
		<-stopped
	})
}

func targets(n int) []Target {
	list := make([]Target, n)
	for i := range list {
		list[i] = Target{ID: fmt.Sprintf("web-%d", i), Address: fmt.Sprintf("10.0.%d.%d:80", i/250, i%250)}
	}
	return list
}

func TestFirstProbeDecidesAtOnce(t *testing.T) {
	play(t, Check{Success: 3, Failure: 3}, func(s *stage, m *Monitor) {
		s.makeIll("10.0.0.2:80", "connection refused")
		if _, known := m.Result("good"); known {
			t.Error("a target is known before Set")
		}
		s.takes = 20 * time.Millisecond
		m.Set([]Target{{"good", "10.0.0.1:80"}, {"bad", "10.0.0.2:80"}})
		if r, _ := m.Result("good"); r.Verdict != Unknown || r.Reason != "first probe under way" {
			t.Errorf("before its first probe: %+v", r)
		}
		time.Sleep(50 * time.Millisecond)
		if got, want := s.told(), "good up: probe ok; bad down: probe failed: connection refused"; got != want {
			t.Errorf("reported %q, want %q", got, want)
		}
	})
}

func TestFallAndRise(t *testing.T) {
	check := Check{Frequency: 10 * time.Second, DownFrequency: time.Second, Failure: 3, Success: 2}
	play(t, check, func(s *stage, m *Monitor) {
		m.Set([]Target{{"a", "10.0.0.1:80"}})
		time.Sleep(time.Minute)
		s.told()

		s.makeIll("10.0.0.1:80", "answered 503, expected 200-399")
		time.Sleep(11*time.Second + 2*1100*time.Millisecond)
		want := "a up: probe failed 1 of 3: answered 503, expected 200-399; " +
			"a up: probe failed 2 of 3: answered 503, expected 200-399; " +
			"a down: probe failed: answered 503, expected 200-399"
		if got := s.told(); got != want {
			t.Errorf("falling, reported\n%q, want\n%q", got, want)
		}
		down, _ := m.Result("a")

		s.makeIll("10.0.0.1:80", "connection refused")
		time.Sleep(5 * time.Second)
		if got, want := s.told(), "a down: probe failed: connection refused"; got != want {
			t.Errorf("another trouble, reported %q, want %q", got, want)
		}
		if r, _ := m.Result("a"); r.Since != down.Since || !r.Probed.After(down.Probed) {
			t.Errorf("still down: since %v, probed %v; was %+v", r.Since, r.Probed, down)
		}

		s.cure("10.0.0.1:80")
		time.Sleep(2200 * time.Millisecond)
		if got, want := s.told(), "a down: probe ok 1 of 2; a up: probe ok"; got != want {
			t.Errorf("rising, reported %q, want %q", got, want)
		}
	})
}

func TestSingleFailureIsForgotten(t *testing.T) {
	check := Check{Frequency: 10 * time.Second, DownFrequency: time.Second}
	play(t, check, func(s *stage, m *Monitor) {
		m.Set([]Target{{"a", "10.0.0.1:80"}})
		for range 5 {
			for s.cure("10.0.0.1:80"); ; time.Sleep(100 * time.Millisecond) {
				if r, _ := m.Result("a"); r.Reason == "probe ok" {
					break
				}
			}
			s.makeIll("10.0.0.1:80", "reset")
			for ; ; time.Sleep(100 * time.Millisecond) {
				if r, _ := m.Result("a"); r.Reason != "probe ok" {
					break
				}
			}
		}
		if told := s.told(); strings.Contains(told, "down") {
			t.Errorf("failures that were not in a row took the host down: %s", told)
		}
	})
}

func TestHostsAreSpreadOverTheInterval(t *testing.T) {
	const hosts, bins = 100, 10
	play(t, Check{Frequency: 10 * time.Second}, func(s *stage, m *Monitor) {
		m.Set(targets(hosts))
		time.Sleep(100 * time.Millisecond)
		if n := len(s.probed()); n != hosts {
			t.Errorf("%d of %d hosts had their first probe within 100ms", n, hosts)
		}
		time.Sleep(120 * time.Second)
		bin := make([]int, bins)
		for address, times := range s.probed() {
			for i, at := range times[2:] {
				if gap := at - times[i+1]; gap < 8.9 || gap > 11.1 {
					t.Errorf("%s was probed at %.1fs and %.1fs", address, times[i+1], at)
				}
				if 100 <= at && at < 110 {
					bin[int(at)%bins]++
				}
			}
		}
		if least, most := slices.Min(bin), slices.Max(bin); least < hosts/bins/3 || most > 3*hosts/bins {
			t.Errorf("probes of the interval by second: %v", bin)
		}
	})
}

func TestDownHostsAreProbedFaster(t *testing.T) {
	check := Check{Frequency: 30 * time.Second, DownFrequency: 2 * time.Second}
	play(t, check, func(s *stage, m *Monitor) {
		s.makeIll("10.0.0.0:80", "connection refused")
		m.Set(targets(2))
		time.Sleep(5 * time.Minute)
		probed := s.probed()
		if sick, well := len(probed["10.0.0.0:80"]), len(probed["10.0.0.1:80"]); sick < 130 || sick > 170 || well < 9 || well > 12 {
			t.Errorf("in 5 minutes the sick host was probed %d times and the healthy one %d times", sick, well)
		}
	})
}
