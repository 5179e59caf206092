package register

import (
	"time"

	"github.com/hashicorp/consul/api"

	"pingap-go/health"
)

// ttl is for how long Consul believes our last report. It spans four reports, so
// that a lost one or a busy machine does not take the service out.
const ttl = 15 * time.Second

// definition is the registration as Consul's agent wants it. It begins as
// passing, because it is made only when the app has just answered well; an HTTP
// check that has to be run first would keep a good instance out for an interval.
func (s *Service) definition() *api.AgentServiceRegistration {
	r := &api.AgentServiceRegistration{
		ID: s.ID, Name: s.Name, Address: s.Address, Port: s.Port, Tags: s.Tags, Meta: s.Meta,
	}
	if s.Weights != nil {
		r.Weights = &api.AgentWeights{Passing: s.Weights.Passing, Warning: s.Weights.Warning}
	}
	c := &api.AgentServiceCheck{CheckID: s.checkID(), Status: api.HealthPassing}
	if s.DeregisterAfter > 0 {
		c.DeregisterCriticalServiceAfter = s.DeregisterAfter.String()
	}
	if s.reports() {
		c.Name, c.TTL = s.Name+" as its sidecar sees it", ttl.String()
	} else {
		s.ask(c)
	}
	r.Check = c
	return r
}

func (s *Service) checkID() string { return "service:" + s.ID }

// reports says that we tell Consul how the app is, because nobody asked Consul
// to look for itself or because it cannot look for what was asked. Its HTTP
// check passes with 2xx only, after redirects, and reads no body.
func (s *Service) reports() bool {
	c := s.Check
	return c == nil || c.Body != "" || len(c.Status) > 0 && c.Status.String() != anyGoodStatus
}

// anyGoodStatus is the default of our own checks. Consul follows redirects, so
// that it comes to the same for all who do not mean something special by 3xx.
const anyGoodStatus = "200-399"

// ask fills in a check that Consul's agent makes.
func (s *Service) ask(c *api.AgentServiceCheck) {
	h := s.Check
	c.Name = s.Name + " answers " + h.Scheme
	c.Interval = withDefault(h.Frequency, 10*time.Second).String()
	c.Timeout = (withDefault(h.ConnectTimeout, 3*time.Second) + withDefault(h.ReadTimeout, 3*time.Second)).String()
	c.SuccessBeforePassing, c.FailuresBeforeCritical = h.Success, h.Failure
	switch h.Scheme {
	case "http", "https":
		c.HTTP = h.Scheme + "://" + s.registered() + h.Path
		if h.Host != "" {
			c.Header = map[string][]string{"Host": {h.Host}}
			c.TLSServerName = serverName(h)
		}
	case "grpc":
		c.GRPC, c.GRPCUseTLS = s.registered(), h.TLS
		if h.Service != "" {
			c.GRPC += "/" + h.Service
		}
	default:
		c.TCP = s.registered()
	}
}

// serverName is whose certificate an https check expects.
func serverName(h *health.Check) string {
	if h.Scheme != "https" {
		return ""
	}
	return h.Host
}

func withDefault(d, otherwise time.Duration) time.Duration {
	if d <= 0 {
		return otherwise
	}
	return d
}
