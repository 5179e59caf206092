package e2e

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"pingap-go/internal/testkit"
)

const measured = `
[basic]
state_dir = "${STATE}"
[admin]
addr = "${ADMIN}"
[servers.http]
addr = "${PROXY}"
access_log = '%s'
[upstreams.api]
addrs = ["${A}"]
[upstreams.nobody]
addrs = ["${NOBODY}"]
[locations.api]
upstream = "api"
path = "/api"
[locations.nobody]
upstream = "nobody"
path = "/nobody"
`

// Every metric of the contract is there after some traffic, with label values
// that come from the configuration and never from a client.
func TestMetricsAfterTraffic(t *testing.T) {
	s := newStage(t)
	s.instance("A")
	p := s.boot(fmt.Sprintf(measured, "off"))
	for range 3 {
		p.get("/api/secret-path?q=1", "Host: evil.test", "User-Agent: strange")
	}
	p.get("/nowhere")
	p.get("/nobody")
	p.ask("BREW", "/api", nil)
	a, n := s.env["A"], s.env["NOBODY"]
	testkit.Eventually(t, patience, func() error { // the last answer is counted after it was sent
		if got := p.metrics()[`pingap_requests_in_flight{server="http"}`]; got != "0" {
			return fmt.Errorf("in flight are %s", got)
		}
		return nil
	})
	for series, want := range map[string]string{
		`pingap_requests_total{code="200",location="api",server="http",upstream="api"}`:       "4",
		`pingap_requests_total{code="404",location="",server="http",upstream=""}`:             "1",
		`pingap_requests_total{code="502",location="nobody",server="http",upstream="nobody"}`: "1",
		`pingap_request_duration_seconds_count{location="api",server="http"}`:                 "4",
		`pingap_upstream_requests_total{code="200",endpoint="` + a + `",upstream="api"}`:      "4",
		`pingap_upstream_requests_total{code="other",endpoint="` + n + `",upstream="nobody"}`: "3",
		`pingap_upstream_retries_total{reason="connect",upstream="nobody"}`:                   "2",
		`pingap_upstream_duration_seconds_count{upstream="api"}`:                              "4",
		`pingap_upstream_endpoints{upstream="api",verdict="up"}`:                              "1",
		`pingap_upstream_endpoints{upstream="api",verdict="down"}`:                            "0",
		`pingap_discovery_stale{upstream="api"}`:                                              "0",
		`pingap_discovery_updates_total{result="success",upstream="api"}`:                     "1",
		`pingap_config_reloads_total{result="success"}`:                                       "1",
		`pingap_config_generation`:                                                            "1",
		`pingap_connections{server="http",state="idle"}`:                                      "1",
		`pingap_connections{server="http",state="active"}`:                                    "0",
	} {
		p.wantMetric(want, series)
	}
	all := p.admin("GET", "/metrics").body
	for _, name := range []string{"pingap_discovery_age_seconds", "pingap_build_info", "go_goroutines", "process_cpu_seconds_total"} {
		if !strings.Contains(all, "\n"+name) {
			t.Errorf("there is no %s", name)
		}
	}
	for _, text := range []string{"secret", "evil", "strange", "BREW", "nowhere"} {
		if strings.Contains(all, text) {
			t.Errorf("a client's %q is in the metrics", text)
		}
	}
}

func TestAccessLogFormats(t *testing.T) {
	for _, c := range []struct{ format, line string }{
		{"combined", `^127\.0\.0\.1 - - \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "GET /api/x\?q=1 HTTP/1\.1" 200 1 "http://from\.test/" "tester"$`},
		{"common", `^127\.0\.0\.1 - - \[[^]]+\] "GET /api/x\?q=1 HTTP/1\.1" 200 1$`},
		{"short", `^127\.0\.0\.1\S* GET /api/x\?q=1 HTTP/1\.1 200 1\S* - \d+(\.\d+)?ms$`},
		{"tiny", `^GET /api/x\?q=1 200 1\S* - \d+(\.\d+)?ms$`},
		{"{method} {host} {status} {:upstream_addr} {:location} {>X-Team} {<X-Instance}", `^GET site\.test 200 ADDR api blue A$`},
		{"json", `^\{.*"status":200.*\}$`},
	} {
		t.Run(c.format, func(t *testing.T) {
			s := newStage(t)
			s.instance("A")
			p := s.boot(fmt.Sprintf(measured, c.format))
			p.get("/api/x?q=1", "Host: site.test", "User-Agent: tester", "Referer: http://from.test/", "X-Team: blue")
			testkit.Eventually(t, patience, func() error {
				if p.access.String() == "" {
					return fmt.Errorf("no line was written")
				}
				return nil
			})
			line := strings.TrimSuffix(p.access.String(), "\n")
			want := strings.Replace(c.line, "ADDR", regexp.QuoteMeta(s.env["A"]), 1)
			if !regexp.MustCompile(want).MatchString(line) {
				t.Errorf("the line is %s, not %s", line, want)
			}
			if c.format == "json" && !json.Valid([]byte(line)) {
				t.Errorf("no JSON: %s", line)
			}
		})
	}
}

// Whoever bans clients by the log must learn who sent what was not even HTTP, and
// nothing that was not asked may stand there.
func TestWhatIsNoRequestIsLoggedWithItsClient(t *testing.T) {
	s := newStage(t)
	s.instance("A")
	p := s.boot(fmt.Sprintf(measured, "{client_ip} {method} {uri} {status} {:error_type}"))
	c, _ := p.dial()
	send(t, c, "GET /api HTTP/1.1\r\nHost: a\r\n\r\nBAD\r\n\r\n")
	p.access.awaitText(t, "127.0.0.1 - - 400 bad_request\n")
}

// The lines of the last requests are written before the program ends.
func TestAccessLinesGoToTheStandardOutputUpToTheLast(t *testing.T) {
	s := newStage(t)
	s.instance("A")
	p := s.run(fmt.Sprintf(measured, "tiny"))
	for n := range 50 {
		p.get(fmt.Sprintf("/api/%d", n))
	}
	p.signal(syscall.SIGTERM)
	p.wantExit(0)
	if lines := strings.Count(p.out.String(), "\n"); lines != 50 || !strings.Contains(p.out.String(), "GET /api/49 200") {
		t.Errorf("%d lines of 50:\n%s", lines, p.out.String())
	}
}
