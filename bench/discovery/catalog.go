package main

import (
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/hashicorp/consul/api"
)

// place is where an instance is registered: in the catalog itself, on a node
// that has no agent, so that nothing but the change that is measured goes on.
type place struct {
	service, id, node, address string
	version                    string // part of its description
}

func (p *place) registered() *api.AgentService {
	host, text, _ := net.SplitHostPort(p.address)
	port, _ := strconv.Atoi(text)
	return &api.AgentService{ID: p.id, Service: p.service, Address: host, Port: port, Tags: []string{"v1", "http"}, Meta: map[string]string{"version": p.version}}
}

// set registers an instance, or changes it. When it returns the change is in
// the catalog.
func (a *agent) set(p place) error {
	_, err := a.api.Catalog().Register(&api.CatalogRegistration{Node: p.node, Address: "127.0.0.1", Service: p.registered()}, nil)
	if err != nil {
		return fmt.Errorf("register %s: %w", p.id, err)
	}
	return nil
}

// unset deregisters an instance.
func (a *agent) unset(p place) error {
	_, err := a.api.Catalog().Deregister(&api.CatalogDeregistration{Node: p.node, ServiceID: p.id}, nil)
	if err != nil {
		return fmt.Errorf("deregister %s: %w", p.id, err)
	}
	return nil
}

// atOnce is how many registrations go into one transaction.
const atOnce = 60

// fill registers many instances.
func (a *agent) fill(places []place) error {
	nodes := map[string]bool{}
	for _, p := range places {
		if nodes[p.node] {
			continue
		}
		nodes[p.node] = true
		if _, err := a.api.Catalog().Register(&api.CatalogRegistration{Node: p.node, Address: "127.0.0.1"}, nil); err != nil {
			return fmt.Errorf("register node %s: %w", p.node, err)
		}
	}
	for len(places) > 0 {
		n := min(atOnce, len(places))
		if err := a.transact(places[:n]); err != nil {
			return err
		}
		places = places[n:]
	}
	return nil
}

func (a *agent) transact(places []place) error {
	var ops api.TxnOps
	for _, p := range places {
		ops = append(ops, &api.TxnOp{Service: &api.ServiceTxnOp{Verb: api.ServiceSet, Node: p.node, Service: *p.registered()}})
	}
	ok, answer, _, err := a.api.Txn().Txn(ops, nil)
	switch {
	case err != nil:
		return fmt.Errorf("register %d instances: %w", len(places), err)
	case !ok:
		return errors.New("register instances: " + answer.Errors[0].What)
	}
	return nil
}
