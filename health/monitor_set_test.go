package health

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestSetKeepsWhatIsKnown(t *testing.T) {
	play(t, Check{}, func(s *stage, m *Monitor) {
		m.Set([]Target{{"stays", "10.0.0.1:80"}, {"goes", "10.0.0.2:80"}, {"moves", "10.0.0.3:80"}})
		time.Sleep(30 * time.Second)
		s.told()
		before, _ := m.Result("stays")

		s.makeIll("10.0.0.5:80", "connection refused")
		m.Set([]Target{{"stays", "10.0.0.1:80"}, {"moves", "10.0.0.5:80"}, {"comes", "10.0.0.4:80"}})
		if r, _ := m.Result("stays"); r != before {
			t.Errorf("kept target went from %+v to %+v", before, r)
		}
		if r, _ := m.Result("moves"); r.Verdict != Unknown {
			t.Errorf("target with another address is %s, want unknown", r.Verdict)
		}
		if _, known := m.Result("goes"); known {
			t.Error("removed target is still known")
		}
		time.Sleep(10 * time.Millisecond)
		if got, want := s.told(), "moves down: probe failed: connection refused; comes up: probe ok"; got != want {
			t.Errorf("reported %q, want %q", got, want)
		}
		asked := len(s.probed()["10.0.0.2:80"])
		time.Sleep(time.Minute)
		if len(s.probed()["10.0.0.2:80"]) != asked {
			t.Error("removed target was probed on")
		}
	})
}

func TestProbeOfRemovedTargetIsForgotten(t *testing.T) {
	play(t, Check{}, func(s *stage, m *Monitor) {
		s.takes = time.Second
		m.Set([]Target{{"a", "10.0.0.1:80"}})
		time.Sleep(500 * time.Millisecond)
		m.Set(nil)
		time.Sleep(time.Minute)
		if told := s.told(); told != "" {
			t.Errorf("reported %q of a target that had gone", told)
		}
	})
}

func TestEqualIDsTheLastCounts(t *testing.T) {
	play(t, Check{}, func(s *stage, m *Monitor) {
		m.Set([]Target{{"a", "10.0.0.1:80"}, {"a", "10.0.0.2:80"}})
		time.Sleep(time.Minute)
		probed := s.probed()
		if len(probed["10.0.0.1:80"]) != 0 || len(probed["10.0.0.2:80"]) == 0 {
			t.Errorf("probed %v", probed)
		}
	})
}

func TestFiveThousandHosts(t *testing.T) {
	const hosts = 5000
	check := Check{Frequency: 10 * time.Second, Concurrency: 64}
	play(t, check, func(s *stage, m *Monitor) {
		s.takes = 5 * time.Millisecond
		m.Set(targets(hosts))
		time.Sleep(600 * time.Millisecond)
		if n := len(s.probed()); n != hosts {
			t.Errorf("%d of %d hosts had their first probe within 600ms", n, hosts)
		}
		time.Sleep(11 * time.Second)
		for address, times := range s.probed() {
			if len(times) < 2 {
				t.Errorf("%s was probed at %v only", address, times)
			}
		}
		if s.most > 64 {
			t.Errorf("%d probes at once, want 64 at most", s.most)
		}
	})
}

func TestHangingHostsDoNotStopTheOthers(t *testing.T) {
	check := Check{Frequency: time.Second, Concurrency: 4}
	synctest.Test(t, func(t *testing.T) {
		s := newStage()
		hang := probeFunc(func(ctx context.Context, address string) error {
			if address == "10.0.0.0:80" || address == "10.0.0.1:80" {
				time.Sleep(6 * time.Second)
				return errors.New("no connection within 6s")
			}
			return s.Probe(ctx, address)
		})
		m := NewMonitor(check, hang, s.report)
		ctx, cancel := context.WithCancel(t.Context())
		stopped := make(chan struct{})
		go func() { m.Run(ctx); close(stopped) }()
		m.Set(targets(4))
		time.Sleep(time.Minute)
		cancel()
		<-stopped
		if n := len(s.asked["10.0.0.3:80"]); n < 50 {
			t.Errorf("a healthy host was probed %d times in a minute, want 55 or so", n)
		}
	})
}

type probeFunc func(context.Context, string) error

func (f probeFunc) Probe(ctx context.Context, address string) error { return f(ctx, address) }

func TestRunEndsWithItsProbesAndReportsNoneOfThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage()
		s.takes = time.Hour
		m := NewMonitor(Check{}, s, s.report)
		m.Set(targets(20))
		ctx, cancel := context.WithCancel(t.Context())
		stopped := make(chan struct{})
		go func() { m.Run(ctx); close(stopped) }()
		time.Sleep(time.Second)
		cancel()
		<-stopped
		if s.running != 0 {
			t.Errorf("%d probes left behind", s.running)
		}
		if told := s.told(); told != "" {
			t.Errorf("reported %q of probes that were called off", told)
		}
	})
}

func TestMonitorOnRealServers(t *testing.T) {
	living, dead := listen(t, "tcp", "127.0.0.1:0", silent), closedPort(t)
	probe, err := NewProbe(Check{})
	if err != nil {
		t.Fatal(err)
	}
	reports := make(chan string, 2)
	m := NewMonitor(Check{}, probe, func(t Target, r Result) { reports <- t.ID + " " + r.Reason })
	m.Set([]Target{{"living", living}, {"dead", dead}})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	stopped := make(chan struct{})
	go func() { m.Run(ctx); close(stopped) }()
	got := map[string]bool{<-reports: true, <-reports: true}
	cancel()
	<-stopped
	if !got["living probe ok"] || !got["dead probe failed: connection refused"] {
		t.Errorf("reported %v", got)
	}
}

// What cannot be asked for want of descriptors is asked again, and is what it was.
func TestProbesWithoutDescriptorsTellNothing(t *testing.T) {
	play(t, Check{Failure: 1}, func(s *stage, m *Monitor) {
		m.Set([]Target{{"web", "10.0.0.1:80"}})
		time.Sleep(time.Second)
		s.told()
		s.mu.Lock()
		s.ill["10.0.0.1:80"] = fmt.Errorf("dial: %w", syscall.EMFILE)
		s.mu.Unlock()
		time.Sleep(time.Minute)
		if got := s.told(); got != "" {
			t.Errorf("reported %q", got)
		}
		s.makeIll("10.0.0.1:80", "connection refused")
		time.Sleep(time.Minute)
		if got, want := s.told(), "web down: probe failed: connection refused"; got != want {
			t.Errorf("reported %q, want %q", got, want)
		}
	})
}
