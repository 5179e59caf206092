package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
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
