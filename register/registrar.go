package register

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/consul/api"

	"pingap-go/health"
)

const (
	// every is how often the agent is asked whether it still knows us, or told
	// how the app is. A registration that it lost is back after one such time.
	every = 3 * time.Second
	// callTimeout bounds one request to the agent.
	callTimeout = 3 * time.Second
)

// errForgotten says that the agent does not know the registration.
var errForgotten = errors.New("the agent does not know this registration")

// Registrar keeps one service registered. Run is called once; Status may be
// called from any goroutine.
type Registrar struct {
	service Service
	agent   *api.Agent
	log     *slog.Logger
	monitor *health.Monitor
	wake    chan struct{}

	mu     sync.Mutex // guards status
	status Status

	// Owned by Run's goroutine, and by Leave after it.
	registered bool
}

// New checks a service. It opens no connection.
func New(s Service, client *api.Client, log *slog.Logger) (*Registrar, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	probe, err := health.NewProbe(s.own())
	if err != nil {
		return nil, fmt.Errorf("service %q: %w", s.Name, err)
	}
	r := &Registrar{
		service: s, agent: client.Agent(), log: log.With("service", s.Name, "id", s.ID), wake: make(chan struct{}, 1),
		status: Status{Service: s, App: health.Unknown, Reason: "not asked before this sidecar is ready", Since: time.Now()},
	}
	r.monitor = health.NewMonitor(s.own(), probe, r.probed)
	r.monitor.Set([]health.Target{{ID: s.ID, Address: s.app()}})
	return r, nil
}

// probed takes in our own verdict of the app, on the monitor's goroutine.
func (r *Registrar) probed(_ health.Target, result health.Result) {
	r.mu.Lock()
	r.status.App, r.status.Reason, r.status.Since = result.Verdict, result.Reason, result.Since
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Status is what is known at this moment.
func (r *Registrar) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.status
}

// Run registers the service when the app answers well, and keeps it registered
// until ctx ends. It leaves the registration as it is.
func (r *Registrar) Run(ctx context.Context) {
	r.mu.Lock()
	r.status.Reason, r.status.Since = "first probe under way", time.Now()
	r.mu.Unlock()
	var probing sync.WaitGroup
	probing.Go(func() { r.monitor.Run(ctx) })
	defer probing.Wait()
	timer := time.NewTimer(every)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
		case <-timer.C:
		}
		if ctx.Err() != nil {
			return
		}
		r.note(r.step(ctx))
		timer.Reset(every - every/10 + rand.N(every/5))
	}
}

// step does what is due: registers, reports or looks. A registration that was
// forgotten is put back at once. A call that has begun is not called off: an
// agent that took it in nevertheless would keep a registration that Leave has
// just removed.
func (r *Registrar) step(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	s := r.Status()
	if r.registered {
		err := r.confirm(ctx, &s)
		if !errors.Is(err, errForgotten) {
			return err
		}
		r.registered = false
		r.log.Warn("registration was lost", "err", err)
	}
	if s.App != health.Up {
		return nil
	}
	return r.register(ctx)
}

func (r *Registrar) register(ctx context.Context) error {
	o := api.ServiceRegisterOpts{ReplaceExistingChecks: true}
	if err := r.agent.ServiceRegisterOpts(r.service.definition(), o.WithContext(ctx)); err != nil {
		return fmt.Errorf("register in consul: %w", sentence(err))
	}
	r.registered = true
	r.log.Info("registered", "address", r.service.registered(), "tags", r.service.Tags)
	return nil
}

// confirm tells the agent how the app is, or asks whether it still knows it.
func (r *Registrar) confirm(ctx context.Context, s *Status) error {
	o := (&api.QueryOptions{}).WithContext(ctx)
	if r.service.reports() {
		status := api.HealthPassing
		if s.App != health.Up {
			status = api.HealthCritical
		}
		return found(r.agent.UpdateTTLOpts(r.service.checkID(), s.Reason, status, o))
	}
	_, _, err := r.agent.Service(r.service.ID, o)
	return found(err)
}

// found tells an agent that has no such registration, or another one under its
// ID, from an agent that cannot answer.
func found(err error) error {
	var status api.StatusError
	if errors.As(err, &status) &&
		(status.Code == http.StatusNotFound || strings.Contains(status.Body, "does not have associated TTL")) {
		return errForgotten
	}
	if err != nil {
		return fmt.Errorf("ask consul for the registration: %w", sentence(err))
	}
	return nil
}

// sentence leaves out what Consul's client puts around an error.
func sentence(err error) error {
	var status api.StatusError
	if errors.As(err, &status) {
		return fmt.Errorf("status %d: %s", status.Code, strings.TrimSpace(status.Body))
	}
	return err
}

// note keeps how a step went for Status, and logs when that changes.
func (r *Registrar) note(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	r.mu.Lock()
	before := r.status.LastError
	r.status.Registered, r.status.LastError = r.registered, text
	r.mu.Unlock()
	switch {
	case err != nil && before == "":
		r.log.Warn("registration cannot be kept", "err", err)
	case err == nil && before != "":
		r.log.Info("the agent answers again")
	}
}

// Leave deregisters the service, also one that an earlier process left behind.
// It is called after Run has returned, and takes three seconds at most.
func (r *Registrar) Leave(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	err := found(r.agent.ServiceDeregisterOpts(r.service.ID, (&api.QueryOptions{}).WithContext(ctx)))
	if err != nil && !errors.Is(err, errForgotten) {
		return fmt.Errorf("deregister service %q from consul: %w", r.service.ID, err)
	}
	r.registered = false
	r.note(nil)
	r.log.Info("deregistered")
	return nil
}
