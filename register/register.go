// Package register keeps the app beside this sidecar registered in Consul.
//
//	r, err := register.New(register.Service{ID: "web-1", Name: "web", Port: 8080}, client.API(), log)
//	go r.Run(ctx)       // when the sidecar is ready to be sent traffic
//	...
//	cancel()            // and when Run has returned:
//	err = r.Leave(ctx)  // deregisters
//
// A Registrar asks the app how it is, by a check of its own, and registers it
// when the first answer is good. From then on it looks every few seconds whether
// the agent still knows the registration, and puts it back if not: an agent that
// was restarted without its state, or somebody who deregistered the wrong ID,
// costs a service a few seconds of absence.
//
// Who tells Consul how the app is depends on the service: Consul's agent itself,
// by an HTTP, TCP or gRPC check, or the Registrar, which then reports its own
// verdict to a TTL check. Either way a process that was killed stops passing,
// and Consul removes it after DeregisterAfter.
//
// The package talks to the agent and to the app. When to begin and when to leave
// (after the listeners are open, before they close) is the engine's part.
package register

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"pingap-go/health"
)

// Service is one service to register.
type Service struct {
	// ID identifies the registration in the agent; see DefaultID.
	ID   string
	Name string
	// Address is where the service is reached; "" = the address of Consul's node.
	Address string
	Port    int
	Tags    []string
	Meta    map[string]string
	// Weights are Consul's; nil = 1 and 1.
	Weights *Weights
	// Check is what Consul's agent asks at Address and Port. nil = a TTL check to
	// which we report. A check that Consul cannot express (a status that is not
	// 2xx, a text in the body) is made by us and reported, too.
	Check *health.Check
	// Own is what we ask the app ourselves; nil = Check, and without that a TCP
	// connect. App is where: "host:port"; "" = Address and Port.
	Own *health.Check
	App string
	// DeregisterAfter is how long Consul keeps a registration whose check is
	// critical; 0 = without end. Consul's own least is one minute.
	DeregisterAfter time.Duration
}

// Weights are the shares of an instance in SRV answers and in balancing, by the
// status of its checks.
type Weights struct{ Passing, Warning int }

// Status is a registration as people see it.
type Status struct {
	Service Service
	// Registered is true from the agent's answer until it forgets or we leave.
	Registered bool
	// App is our own verdict of the app, Reason what it rests on, Since when it
	// was reached.
	App    health.Verdict
	Reason string
	Since  time.Time
	// LastError is why the agent could not be told; "" when it could.
	LastError string
}

// nomadPrefix begins the IDs that Nomad's client owns: it removes those that it
// does not know.
const nomadPrefix = "_nomad-task-"

// DefaultID is the ID of a service that was given none: NAME-WHO-PORT, the same
// after a restart. who is Nomad's allocation ID, or the host's name without one.
func DefaultID(name string, port int, env func(string) (string, bool)) string {
	who, _ := env("NOMAD_ALLOC_ID")
	if who == "" {
		who, _ = os.Hostname()
	}
	return strings.Join([]string{name, cmp.Or(who, "localhost"), strconv.Itoa(port)}, "-")
}

// check says what is wrong with a service.
func (s *Service) check() error {
	switch {
	case s.Name == "" || s.ID == "":
		return errors.New("a service needs a name and an ID")
	case strings.HasPrefix(s.ID, nomadPrefix):
		return fmt.Errorf("service ID %q: Nomad removes registrations that begin with %q", s.ID, nomadPrefix)
	case s.Port < 1 || s.Port > 65535:
		return fmt.Errorf("service %q: %d is not a port", s.Name, s.Port)
	}
	return nil
}

// own is the check that we make ourselves.
func (s *Service) own() health.Check {
	switch {
	case s.Own != nil:
		return *s.Own
	case s.Check != nil:
		return *s.Check
	}
	return health.Check{Scheme: "tcp", Frequency: ownFrequency}
}

// ownFrequency is how often the app is asked where nobody said how often.
const ownFrequency = 5 * time.Second

// registered is where others reach the service. The agent runs on this host, so
// a service without an address of its own is there, too.
func (s *Service) registered() string {
	return net.JoinHostPort(cmp.Or(s.Address, "127.0.0.1"), strconv.Itoa(s.Port))
}

// app is where we ask the app ourselves.
func (s *Service) app() string { return cmp.Or(s.App, s.registered()) }
