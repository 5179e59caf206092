package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestFigureTakesRatiosPairByPair(t *testing.T) {
	f := figure{row: "small-64", quantity: "CPU µs/request", peer: "nginx", goal: atMost(1)}
	f.add(10, 20)
	f.add(30, 20)
	f.add(18, 20)
	table := renderTable([]figure{f})
	for _, cell := range []string{"| 0.50 ", "| 0.90 ", "| 1.50 ", "| <= 1.00 ", "| yes "} {
		if !strings.Contains(table, cell) {
			t.Errorf("the table lacks %q:\n%s", cell, table)
		}
	}
}

func TestGoalsAreMetByTheMedian(t *testing.T) {
	for _, c := range []struct {
		name         string
		goal         goal
		ours, theirs float64
		want         string
	}{
		{"no goal", goal{}, 5, 1, ""},
		{"ratio low enough", atMost(1), 10, 10, "yes"},
		{"ratio too high", atMost(1), 11, 10, "no"},
		{"throughput high enough", atLeast(1), 10, 10, "yes"},
		{"throughput too low", atLeast(1), 9, 10, "no"},
		{"own value counts, not the ratio", goalKB(8), 7, 1, "yes"},
		{"own value too high", goalKB(8), 9, 100, "no"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := figure{goal: c.goal}
			f.add(c.ours, c.theirs)
			if got := c.goal.met(f); got != c.want {
				t.Errorf("met is %q, not %q", got, c.want)
			}
		})
	}
}

func TestWrkReportIsReadOrRefused(t *testing.T) {
	const good = "  4 threads and 64 connections\n  123456 requests in 3.00s, 20.1MB read\nRequests/sec:  41152.00\nTransfer/sec: 6MB\n"
	r, err := parseWrk(good)
	if err != nil || r.requests != 123456 || r.perSecond != 41152 {
		t.Errorf("got %+v, %v", r, err)
	}
	for name, report := range map[string]string{
		"an error status": good + "  Non-2xx or 3xx responses: 7\n",
		"a socket error":  "  Socket errors: connect 0, read 3, write 0, timeout 0\n" + good,
		"nothing":         "",
	} {
		if _, err := parseWrk(report); err == nil {
			t.Errorf("a report with %s was taken", name)
		}
	}
}

func TestTurnsAlternate(t *testing.T) {
	if first, second := turn(0, 3), turn(1, 3); first[0] != 0 || second[0] != 2 {
		t.Errorf("turns are %v and %v", first, second)
	}
}

func TestMeasurementsAreTakenInTurnAndKeptByProxy(t *testing.T) {
	var order []int
	seen, err := inTurn(2, 3, func(proxy int) (int, error) {
		order = append(order, proxy)
		return len(order), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []int{0, 1, 2, 2, 1, 0}; !slices.Equal(order, want) {
		t.Errorf("measured in the order %v, want %v", order, want)
	}
	for proxy, want := range [][]int{{1, 6}, {2, 5}, {3, 4}} {
		if !slices.Equal(seen[proxy], want) {
			t.Errorf("proxy %d has measurements %v, want %v", proxy, seen[proxy], want)
		}
	}
}

func TestAFailedMeasurementEndsTheTurns(t *testing.T) {
	failed := errors.New("refused")
	calls := 0
	_, err := inTurn(5, 2, func(int) (int, error) { calls++; return 0, failed })
	if !errors.Is(err, failed) || calls != 1 {
		t.Errorf("got %v after %d measurements", err, calls)
	}
}

func TestLatencyRestsOnManyShortTurns(t *testing.T) {
	for _, c := range []struct {
		pairs int
		each  time.Duration
		want  int
	}{
		{5, 3 * time.Second, 75}, // the default flags
		{7, 2 * time.Second, 70},
		{2, time.Second, 10}, // --quick
		{3, 100 * time.Millisecond, 3},
	} {
		if got := latencyTurns(c.pairs, c.each); got != c.want {
			t.Errorf("%d pairs of %s give %d turns, want %d", c.pairs, c.each, got, c.want)
		}
	}
}

func TestLatencyIsComparedTurnByTurn(t *testing.T) {
	seen := [][]latency{
		{{P50: 50, P99: 900}, {P50: 60, P99: 20_000}, {P50: 70, P99: 700}},
		{{P50: 100, P99: 1000}, {P50: 100, P99: 1000}, {P50: 100, P99: 1000}},
		{{P50: 200, P99: 500}, {P50: 200, P99: 40_000}, {P50: 200, P99: 500}},
	}
	figures := latencyFigures([]string{"pingap", "nginx", "haproxy"}, seen, 1.1)
	want := []struct {
		quantity, peer string
		median         float64
		met            string
	}{
		{"p50 µs", "nginx", 0.6, "yes"},
		{"p50 µs", "haproxy", 0.3, "yes"},
		{"p99 µs", "nginx", 0.9, "yes"}, // one wild turn does not decide
		{"p99 µs", "haproxy", 1.4, "no"},
	}
	if len(figures) != len(want) {
		t.Fatalf("%d figures, want %d", len(figures), len(want))
	}
	for i, w := range want {
		f := figures[i]
		if f.quantity != w.quantity || f.peer != w.peer || median(f.ratios()) != w.median || f.goal.met(f) != w.met {
			t.Errorf("figure %d is %s beside %s, median %v, met %q; want %+v", i, f.quantity, f.peer, median(f.ratios()), f.goal.met(f), w)
		}
	}
}

func TestTurnsOfALateClientAreTold(t *testing.T) {
	seen := [][]latency{
		{{Late: 0.02}, {Late: 0.01}, {Late: 0}},
		{{Late: 0.5}, {Late: 0}, {Late: 0.011}},
	}
	want := "Turns of 200ms: 3 a proxy; in which the client was late: 1 with pingap, 2 with nginx."
	if got := lateTurns([]string{"pingap", "nginx"}, seen); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestMedianRangeNarrowsWithTheNumberOfValues(t *testing.T) {
	for _, c := range []struct {
		n         int
		low, high float64
	}{
		{1, 1, 1},
		{5, 1, 5},
		{20, 5, 16},  // ranks of the sign test's table would be 6 and 15
		{70, 26, 45}, // 27 and 44
	} {
		values := make([]float64, c.n)
		for i := range values {
			values[i] = float64(c.n - i)
		}
		if low, high := medianRange(values); low != c.low || high != c.high {
			t.Errorf("of %d values the ranks are %v and %v, want %v and %v", c.n, low, high, c.low, c.high)
		}
	}
}

func TestNotesStandBelowTheTable(t *testing.T) {
	if got := renderNotes(nil); got != "" {
		t.Errorf("no notes are written as %q", got)
	}
	if got := renderNotes([]string{"one", "two"}); got != "\n- one\n- two\n" {
		t.Errorf("got %q", got)
	}
}

func TestForwardedHeadersCompareWithoutThePort(t *testing.T) {
	head := "GET / HTTP/1.1\r\nHost: a\r\nx-real-ip: 127.0.0.1\r\nX-Forwarded-Port: 4711\r\nAccept: */*\r\n"
	if got := forwarded([]byte(head), "127.0.0.1:4711"); got != "x-forwarded-port=PORT x-real-ip=127.0.0.1" {
		t.Errorf("got %q", got)
	}
}

func TestPageKeepsWhatPeopleWrote(t *testing.T) {
	name := filepath.Join(t.TempDir(), "benchmarks.md")
	if err := writePage(name, "facts one", "| table one |"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	byHand := strings.Replace(string(text), "the table speaks for itself", "we lose one row, because", 1)
	if err := os.WriteFile(name, []byte(byHand), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writePage(name, "facts two", "| table two |"); err != nil {
		t.Fatal(err)
	}
	text, err = os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	if !strings.Contains(page, "we lose one row, because") || !strings.Contains(page, "facts two\n| table two |") || strings.Contains(page, "one |") {
		t.Errorf("the page is now:\n%s", page)
	}
}

func TestEveryConfigurationIsComplete(t *testing.T) {
	b := &bench{originAt: "9000", files: 1024}
	s, err := b.settings(t.TempDir(), shape{locations: 100, endpoints: 100})
	if err != nil {
		t.Fatal(err)
	}
	for name, spec := range proxies {
		if spec.config == "" {
			continue
		}
		to := filepath.Join(s.Dir, spec.config)
		if err := s.write(spec.config, to); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(to)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "127.0.0.1:9000") || !strings.Contains(string(text), s.Port) {
			t.Errorf("%s does not name its upstream and its port:\n%s", name, text)
		}
	}
}
