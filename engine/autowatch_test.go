package engine

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"pingap-go/internal/testkit"
)

// looker passes requests on to an agent and notes their paths.
type looker struct {
	mu    sync.Mutex
	paths map[string]int
}

func lookAt(t *testing.T, agent *testkit.ConsulAgent) (address string, l *looker) {
	t.Helper()
	l = &looker{paths: map[string]int{}}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: agent.HTTPAddr})
	transport := &http.Transport{}
	proxy.Transport = transport
	proxy.ErrorLog = log.New(io.Discard, "", 0)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		l.paths[r.URL.Path]++
		l.mu.Unlock()
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
		transport.CloseIdleConnections()
	})
	return s.Listener.Addr().String(), l
}

// asked lists the paths asked for, but for the heartbeat's.
func (l *looker) asked() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var paths []string
	for p := range l.paths {
		if p != "/v1/status/leader" {
			paths = append(paths, p)
		}
	}
	slices.Sort(paths)
	return paths
}

func (l *looker) count(path string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.paths[path]
}

// The catalog's names and tags are watched once, then the routed services and
// nobody else: no checks of the whole cluster, no service without a route tag.
func TestWatchesNoMoreThanItMust(t *testing.T) {
	agent := testkit.Consul(t, testkit.ConsulOptions{})
	for i := range 20 {
		name := fmt.Sprintf("other-%d", i)
		agent.Register(t, testkit.Instance(name, name, "127.0.0.1:1"))
	}
	tagged := func(service, id string, tags ...string) {
		i := testkit.Instance(service, id, instance(t, service))
		i.Tags = tags
		agent.Register(t, i)
	}
	tagged("web", "web-1", "urlprefix-/web")
	tagged("api", "api-1", "urlprefix-/api")
	tagged("left-out", "left-out-1", "urlprefix-/left-out")
	address, l := lookAt(t, agent)
	p := start(t, fmt.Sprintf(`
[consul]
address = %q
[auto_routes]
enabled = true
services = ["web", "a*"]
[servers.in]
addr = "127.0.0.1:0"
`, address))
	testkit.Eventually(t, within, func() error { return p.says("in", "http://any/web", 200, "web") })
	testkit.Eventually(t, within, func() error { return p.says("in", "http://any/api", 200, "api") })
	if err := p.says("in", "http://any/left-out", 404, ""); err != nil {
		t.Error(err)
	}
	want := []string{"/v1/catalog/services", "/v1/health/service/api", "/v1/health/service/web"}
	if got := l.asked(); !slices.Equal(got, want) {
		t.Errorf("asked for %s\nwant %s", strings.Join(got, " "), strings.Join(want, " "))
	}
	t.Run("checks elsewhere wake nobody", func(t *testing.T) {
		before := l.count("/v1/catalog/services") + l.count("/v1/health/service/web")
		for i := range 20 {
			name := fmt.Sprintf("other-%d", i)
			agent.SetStatus(t, name, "critical")
		}
		agent.SetStatus(t, "api-1", "critical")
		testkit.Eventually(t, within, func() error { return p.says("in", "http://any/api", 503, "") })
		if after := l.count("/v1/catalog/services") + l.count("/v1/health/service/web"); after != before {
			t.Errorf("%d more questions", after-before)
		}
	})
}
