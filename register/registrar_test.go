package register_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"

	"pingap-go/health"
	"pingap-go/internal/testkit"
	"pingap-go/register"
)

// soon is what a machine under load may take to what happens at once; back is
// the bound on a lost registration.
const (
	soon = 8 * time.Second
	back = 10 * time.Second
)

// app is an HTTP server that can be told to be unwell.
type app struct {
	*httptest.Server
	unwell atomic.Bool
}

func newApp(t *testing.T) *app {
	a := &app{}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if a.unwell.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(a.Close)
	return a
}

// service describes the app, asked by ourselves ten times a second.
func (a *app) service(id string) register.Service {
	host, port, _ := net.SplitHostPort(a.Listener.Addr().String())
	n, _ := strconv.Atoi(port)
	return register.Service{
		ID: id, Name: "web", Address: host, Port: n, DeregisterAfter: time.Minute,
		Own: &health.Check{Scheme: "http", Path: "/health", Frequency: 100 * time.Millisecond, DownFrequency: 100 * time.Millisecond},
	}
}

// keep runs a registrar until the test ends or stop is called.
func keep(t *testing.T, agent *testkit.ConsulAgent, s register.Service) (r *register.Registrar, stop func()) {
	t.Helper()
	r, err := register.New(s, agent.API, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.Run(ctx)
	}()
	stop = func() {
		cancel()
		<-done
	}
	t.Cleanup(stop)
	return r, stop
}

// status is what Consul thinks of an instance; "" when it does not know it.
func status(agent *testkit.ConsulAgent, id string) (string, error) {
	text, _, err := agent.API.Agent().AgentHealthServiceByID(id)
	if text == "critical" && err == nil {
		if _, _, err := agent.API.Agent().Service(id, nil); err != nil {
			return "", nil
		}
	}
	return text, err
}

func await(t *testing.T, agent *testkit.ConsulAgent, id, want string, within time.Duration) {
	t.Helper()
	testkit.Eventually(t, within, func() error {
		got, err := status(agent, id)
		if err != nil || got != want {
			return fmt.Errorf("%s is %q, want %q (%v)", id, got, want, err)
		}
		return nil
	})
}

func TestRegistersWhenTheAppAnswersWell(t *testing.T) {
	t.Parallel()
	agent := testkit.Consul(t, testkit.ConsulOptions{})
	web := newApp(t)
	web.unwell.Store(true)
	s := web.service("web-1")
	s.Tags, s.Meta, s.Weights = []string{"v2", "urlprefix-/web"}, map[string]string{"version": "2"}, &register.Weights{Passing: 7, Warning: 3}
	r, stop := keep(t, agent, s)

	testkit.Eventually(t, soon, func() error {
		if got := r.Status(); got.App != health.Down {
			return fmt.Errorf("app is %s (%s)", got.App, got.Reason)
		}
		return nil
	})
	if got, err := status(agent, "web-1"); got != "" || err != nil {
		t.Fatalf("an app that is unwell is registered as %q (%v)", got, err)
	}
	web.unwell.Store(false)
	await(t, agent, "web-1", api.HealthPassing, soon)

	entry, _, err := agent.API.Agent().Service("web-1", nil)
	if err != nil {
		t.Fatal(err)
	}
	if entry.Address != s.Address || entry.Port != s.Port || !slices.Equal(entry.Tags, s.Tags) || entry.Meta["version"] != "2" ||
		entry.Weights.Passing != 7 || entry.Weights.Warning != 3 {
		t.Errorf("registered as %+v", entry)
	}
	if got := r.Status(); !got.Registered || got.LastError != "" || got.App != health.Up {
		t.Errorf("status is %+v", got)
	}
	stop()
	if err := r.Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	await(t, agent, "web-1", "", soon)
	if r.Status().Registered {
		t.Error("still shown as registered")
	}
}

// The TTL check follows our own verdict of the app, both ways.
func TestTTLFollowsOurVerdict(t *testing.T) {
	t.Parallel()
	agent := testkit.Consul(t, testkit.ConsulOptions{})
	web := newApp(t)
	keep(t, agent, web.service("web-1"))
	await(t, agent, "web-1", api.HealthPassing, soon)
	web.unwell.Store(true)
	await(t, agent, "web-1", api.HealthCritical, soon)
	web.unwell.Store(false)
	await(t, agent, "web-1", api.HealthPassing, soon)
}

func TestConsulAsksTheAppItself(t *testing.T) {
	t.Parallel()
	agent := testkit.Consul(t, testkit.ConsulOptions{})
	web := newApp(t)
	s := web.service("web-1")
	s.Check = &health.Check{Scheme: "http", Path: "/health", Frequency: 200 * time.Millisecond, Success: 1, Failure: 1}
	_, stop := keep(t, agent, s)
	await(t, agent, "web-1", api.HealthPassing, soon)
	stop() // from here on nobody but Consul looks
	web.unwell.Store(true)
	await(t, agent, "web-1", api.HealthCritical, soon)
	web.unwell.Store(false)
	await(t, agent, "web-1", api.HealthPassing, soon)
}

// What Consul may do to a registration, and what becomes of it.
func TestPutsItselfBack(t *testing.T) {
	t.Parallel()
	for _, story := range []struct {
		name  string
		check *health.Check
		lose  func(*testing.T, *testkit.ConsulAgent)
	}{
		{"deregistered by hand", nil, func(t *testing.T, a *testkit.ConsulAgent) { a.Deregister(t, "web-1") }},
		{"deregistered by hand, checked by Consul", &health.Check{Scheme: "tcp"},
			func(t *testing.T, a *testkit.ConsulAgent) { a.Deregister(t, "web-1") }},
		{"the agent is restarted without its state", nil, func(t *testing.T, a *testkit.ConsulAgent) {
			a.Kill()
			if err := a.Restart(); err != nil {
				t.Fatal(err)
			}
		}},
		{"its check is deregistered", nil, func(t *testing.T, a *testkit.ConsulAgent) {
			if err := a.API.Agent().CheckDeregister("service:web-1"); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(story.name, func(t *testing.T) {
			t.Parallel()
			agent := testkit.Consul(t, testkit.ConsulOptions{})
			s := newApp(t).service("web-1")
			s.Check = story.check
			keep(t, agent, s)
			await(t, agent, "web-1", api.HealthPassing, soon)
			story.lose(t, agent)
			testkit.Eventually(t, back, func() error {
				checks, err := agent.API.Agent().ChecksWithFilter(`ServiceID == "web-1"`)
				if err == nil && (len(checks) != 1 || checks["service:web-1"].Status != api.HealthPassing) {
					err = fmt.Errorf("%d checks, not passing", len(checks))
				}
				return err
			})
		})
	}
}

func TestAgentThatIsAway(t *testing.T) {
	t.Parallel()
	agent := testkit.Consul(t, testkit.ConsulOptions{})
	agent.Kill()
	r, stop := keep(t, agent, newApp(t).service("web-1"))
	testkit.Eventually(t, soon, func() error {
		if r.Status().LastError == "" {
			return errors.New("no error is shown")
		}
		return nil
	})
	if err := agent.Restart(); err != nil {
		t.Fatal(err)
	}
	await(t, agent, "web-1", api.HealthPassing, back)
	testkit.Eventually(t, soon, func() error {
		if s := r.Status(); s.LastError != "" || !s.Registered {
			return fmt.Errorf("status is %+v", s)
		}
		return nil
	})
	stop()
	agent.Kill()
	if err := r.Leave(t.Context()); err == nil {
		t.Error("leaving succeeded without an agent")
	}
}
