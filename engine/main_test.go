package engine

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pingap-go/config"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// program is an engine whose configuration a test can change.
type program struct {
	*Engine
	t    *testing.T
	text string
	at   map[string]string // where servers listen
}

// start runs an engine with a configuration until the test ends. "{state}" in it
// is a directory of the test's own.
func start(t *testing.T, text string) *program {
	t.Helper()
	p := &program{t: t}
	p.set(text)
	p.Engine = New(Options{Load: p.load, Version: "test", Log: testLog(), AccessLog: io.Discard})
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.end)
	p.locate()
	return p
}

func testLog() *slog.Logger {
	if os.Getenv("PINGAP_TEST_LOG") == "" {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(os.Stderr, nil))
}

// set gives the configuration that the next load reads.
func (p *program) set(text string) {
	p.text = fmt.Sprintf("[basic]\nstate_dir = %q\ndrain_delay = \"0s\"\nshutdown_timeout = \"5s\"\n[admin]\naddr = \"\"\n%s", p.t.TempDir(), text)
}

func (p *program) load() (*config.Config, error) {
	return config.Parse("test.toml", p.text, os.LookupEnv)
}

// reload swaps another configuration in.
func (p *program) reload(text string) {
	p.t.Helper()
	p.set(text)
	if _, err := p.Reload(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
	p.locate()
}

// locate notes where the servers listen, for while they drain, too.
func (p *program) locate() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = map[string]string{}
	for name, s := range p.servers {
		p.at[name] = s.Addrs()[0].String()
	}
}

func (p *program) end() {
	if p.stopping.Load() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := p.Shutdown(ctx); err != nil {
		p.t.Errorf("shut down: %v", err)
	}
}

// send asks a server for a URL "http://host/path", over a connection of its own.
func (p *program) send(server, url string) (*http.Response, error) {
	transport := &http.Transport{Proxy: nil, DisableKeepAlives: true}
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	request.Host = request.URL.Host
	request.URL.Host = p.at[server]
	return transport.RoundTrip(request)
}

// get is send that returns status and body.
func (p *program) get(server, url string) (int, string, error) {
	response, err := p.send(server, url)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, string(body), err
}

// says reports how an answer differs from a status and a beginning of the body.
func (p *program) says(server, url string, status int, body string) error {
	got, text, err := p.get(server, url)
	if err == nil && (got != status || !strings.HasPrefix(text, body)) {
		err = fmt.Errorf("%s answered %d %q, want %d %q", url, got, text, status, body)
	}
	return err
}

// instance is an upstream server that answers with its name and what it was asked.
func instance(t *testing.T, name string) string {
	t.Helper()
	s := httptest.NewServer(named(name))
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// named answers as instance does.
func named(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s host=%s", name, r.URL.RequestURI(), r.Host)
	})
}
