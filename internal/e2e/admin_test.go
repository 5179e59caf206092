package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"pingap-go/admin"
	"pingap-go/internal/testkit"
)

// face is a running program seen from outside: its proxy and its admin API.
type face struct {
	stage       *stage
	proxy, api  string // "host:port"
	client      *http.Client
	adminClient *http.Client
}

func (s *stage) face(proxy, api string) *face {
	f := &face{stage: s, proxy: proxy, api: api, client: s.client(), adminClient: s.client()}
	return f
}

// client is an HTTP client that follows no redirects and ends with the test.
func (s *stage) client() *http.Client {
	transport := &http.Transport{DisableCompression: true}
	s.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport: transport, Timeout: 2 * patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// reply is a response, read to its end.
type reply struct {
	*http.Response
	body string
}

// get asks the proxy. Header lines follow the path, as "Name: value".
func (f *face) get(path string, lines ...string) reply {
	f.stage.Helper()
	return f.ask("GET", path, nil, lines...)
}

// ask asks the proxy; a "Host: name" line names the host.
func (f *face) ask(method, path string, body io.Reader, lines ...string) reply {
	f.stage.Helper()
	request, err := http.NewRequest(method, "http://"+f.proxy+path, body)
	if err != nil {
		f.stage.Fatal(err)
	}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		if name == "Host" {
			request.Host = value
		}
		request.Header.Add(name, value)
	}
	r, err := do(f.client, request)
	if err != nil {
		f.stage.Fatalf("%s %s: %v", method, path, err)
	}
	return r
}

func do(client *http.Client, request *http.Request) (reply, error) {
	response, err := client.Do(request)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return reply{response, string(body)}, err
}

// echo asks the proxy and returns what the instance saw of it.
func (f *face) echo(path string, lines ...string) seen {
	f.stage.Helper()
	r := f.get(path, lines...)
	var s seen
	if err := json.Unmarshal([]byte(r.body), &s); err != nil {
		f.stage.Fatalf("GET %s: %d %s: %v", path, r.StatusCode, r.body, err)
	}
	return s
}

// tryAdmin asks the admin API, which may not be there.
func (f *face) tryAdmin(method, path string) (reply, error) {
	request, err := http.NewRequest(method, "http://"+f.api+path, nil)
	if err != nil {
		return reply{}, err
	}
	return do(f.adminClient, request)
}

// admin asks the admin API.
func (f *face) admin(method, path string) reply {
	f.stage.Helper()
	r, err := f.tryAdmin(method, path)
	if err != nil {
		f.stage.Fatalf("%s %s: %v", method, path, err)
	}
	return r
}

// upstream is what the API says of a pool.
func (f *face) upstream(name string) admin.Upstream {
	f.stage.Helper()
	var u admin.Upstream
	r := f.admin("GET", "/api/v1/upstreams/"+name)
	if err := json.Unmarshal([]byte(r.body), &u); err != nil {
		f.stage.Fatalf("upstream %s: %d %s: %v", name, r.StatusCode, r.body, err)
	}
	return u
}

// verdicts are a pool's endpoints by ID, each with its verdict.
func verdicts(u admin.Upstream) map[string]string {
	all := map[string]string{}
	for _, e := range u.Endpoints {
		all[e.ID] = e.Verdict
	}
	return all
}

// up are the IDs of a pool's endpoints that are up, in order.
func up(u admin.Upstream) []string {
	var ids []string
	for id, verdict := range verdicts(u) {
		if verdict == "up" {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// awaitUp waits until exactly these endpoints of a pool are up, and says how
// long that took.
func (f *face) awaitUp(name string, within time.Duration, ids ...string) time.Duration {
	f.stage.Helper()
	began := time.Now()
	ids = slices.Sorted(slices.Values(ids))
	f.await(name, within, func(u admin.Upstream) error {
		if got := up(u); !slices.Equal(got, ids) {
			return fmt.Errorf("up are %v, not %v: %v", got, ids, verdicts(u))
		}
		return nil
	})
	return time.Since(began)
}

// await waits until what the API says of a pool passes.
func (f *face) await(name string, within time.Duration, check func(admin.Upstream) error) {
	f.stage.Helper()
	testkit.Eventually(f.stage, within, func() error { return check(f.upstream(name)) })
}

// metrics scrapes /metrics: values by series as it is written.
func (f *face) metrics() map[string]string {
	f.stage.Helper()
	series := map[string]string{}
	for line := range strings.Lines(f.admin("GET", "/metrics").body) {
		if at := strings.LastIndexByte(line, ' '); at > 0 && line[0] != '#' {
			series[line[:at]] = strings.TrimSpace(line[at+1:])
		}
	}
	return series
}

// wantMetric checks one series; labels may be in any order.
func (f *face) wantMetric(want, series string) {
	f.stage.Helper()
	all := f.metrics()
	if got := all[series]; got != want {
		family, _, _ := strings.Cut(series, "{")
		f.stage.Errorf("%s is %q, not %q; there are %v", series, got, want, like(all, family))
	}
}

func like(all map[string]string, family string) []string {
	var list []string
	for _, series := range slices.Sorted(maps.Keys(all)) {
		if strings.HasPrefix(series, family) {
			list = append(list, series+" "+all[series])
		}
	}
	return list
}
