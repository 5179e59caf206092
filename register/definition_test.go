package register

import (
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"

	"pingap-go/health"
)

// What Consul is told to check, by what the configuration says.
func TestDefinitionOfTheCheck(t *testing.T) {
	status := func(text string) health.StatusRanges {
		ranges, err := health.ParseStatus(text)
		if err != nil {
			t.Fatal(err)
		}
		return ranges
	}
	cases := []struct {
		name  string
		check *health.Check
		want  func(*api.AgentServiceCheck) bool
	}{
		{"none: we report to a TTL", nil,
			func(c *api.AgentServiceCheck) bool { return c.TTL == "15s" && c.Interval == "" }},
		{"tcp", &health.Check{Scheme: "tcp", Frequency: 2 * time.Second},
			func(c *api.AgentServiceCheck) bool {
				return c.TCP == "10.0.0.7:8080" && c.Interval == "2s" && c.TTL == ""
			}},
		{"http, with host, path and bounds", &health.Check{
			Scheme: "http", Host: "app", Path: "/health?deep=1", Status: status("200-399"), Success: 2, Failure: 3,
			ConnectTimeout: time.Second, ReadTimeout: 2 * time.Second,
		}, func(c *api.AgentServiceCheck) bool {
			return c.HTTP == "http://10.0.0.7:8080/health?deep=1" && c.Header["Host"][0] == "app" && c.Timeout == "3s" &&
				c.SuccessBeforePassing == 2 && c.FailuresBeforeCritical == 3 && c.TLSServerName == ""
		}},
		{"https names whose certificate it expects", &health.Check{Scheme: "https", Host: "app.example", Path: "/"},
			func(c *api.AgentServiceCheck) bool {
				return c.HTTP == "https://10.0.0.7:8080/" && c.TLSServerName == "app.example"
			}},
		{"grpc", &health.Check{Scheme: "grpc", Service: "shop.Cart", TLS: true},
			func(c *api.AgentServiceCheck) bool { return c.GRPC == "10.0.0.7:8080/shop.Cart" && c.GRPCUseTLS }},
		{"a status that Consul cannot ask for is ours to report", &health.Check{Scheme: "http", Path: "/", Status: status("200,404")},
			func(c *api.AgentServiceCheck) bool { return c.TTL == "15s" && c.HTTP == "" }},
		{"a body, too", &health.Check{Scheme: "http", Path: "/", Body: "ok"},
			func(c *api.AgentServiceCheck) bool { return c.TTL == "15s" && c.HTTP == "" }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := Service{ID: "web-1", Name: "web", Address: "10.0.0.7", Port: 8080, Check: c.check, DeregisterAfter: time.Minute}
			got := s.definition().Check
			if !c.want(got) {
				t.Errorf("check is %+v", got)
			}
			if got.Status != api.HealthPassing || got.DeregisterCriticalServiceAfter != "1m0s" || got.CheckID != "service:web-1" {
				t.Errorf("check is %+v", got)
			}
		})
	}
}

func TestDefaultID(t *testing.T) {
	env := func(values map[string]string) func(string) (string, bool) {
		return func(name string) (string, bool) { v, ok := values[name]; return v, ok }
	}
	if got := DefaultID("web", 80, env(map[string]string{"NOMAD_ALLOC_ID": "5b2c"})); got != "web-5b2c-80" {
		t.Errorf("under Nomad %q", got)
	}
	alone := DefaultID("web", 80, env(nil))
	if !strings.HasPrefix(alone, "web-") || !strings.HasSuffix(alone, "-80") || alone == "web--80" {
		t.Errorf("without Nomad %q", alone)
	}
	if again := DefaultID("web", 80, env(nil)); again != alone {
		t.Errorf("%q after a restart, %q before", again, alone)
	}
}

func TestServicesThatCannotBeRegistered(t *testing.T) {
	for want, s := range map[string]Service{
		"needs a name":                     {ID: "x", Port: 1},
		"is not a port":                    {ID: "x", Name: "x"},
		"Nomad removes registrations that": {ID: "_nomad-task-x", Name: "x", Port: 1},
		"no health check has the scheme":   {ID: "x", Name: "x", Port: 1, Own: &health.Check{Scheme: "udp"}},
	} {
		if _, err := New(s, &api.Client{}, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", s, err, want)
		}
	}
}
