package consul

import (
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/consul/api"

	"pingap-go/endpoint"
)

// entry is what we read of one element of Consul's /v1/health/service answer.
type entry struct {
	Node struct {
		Node    string
		Address string
	}
	Service struct {
		ID         string
		Address    string
		Port       int
		SocketPath string
		Tags       []string
		Meta       map[string]string
		Weights    struct{ Passing, Warning int }
	}
	Checks []check
}

type check struct {
	CheckID string
	Name    string
	Status  string
	Notes   string
}

// hasTags reports whether the instance has all of tags.
func (e *entry) hasTags(tags []string) bool {
	for _, tag := range tags {
		if !slices.Contains(e.Service.Tags, tag) {
			return false
		}
	}
	return true
}

// address is where the instance listens; the node's address stands in where the
// instance has none of its own.
func (e *entry) address() string {
	if e.Service.SocketPath != "" {
		return "unix:" + e.Service.SocketPath
	}
	host := e.Service.Address
	if host == "" {
		host = e.Node.Address
	}
	return net.JoinHostPort(host, strconv.Itoa(e.Service.Port))
}

// endpoint describes the instance; warning says that instances in that status
// may serve, too.
func (e *entry) endpoint(warning bool) endpoint.Endpoint {
	status, worst := e.status()
	described := endpoint.Endpoint{
		ID: e.Node.Node + "/" + e.Service.ID, Name: e.Service.ID, Node: e.Node.Node,
		Address: e.address(), Weight: e.Service.Weights.Passing,
		Tags: e.Service.Tags, Meta: e.Service.Meta,
	}
	switch {
	case !e.reachable():
		described.Barred = "consul: registered without a port"
	case status == api.HealthPassing:
		described.Note = "consul passing"
	case status == api.HealthWarning && warning:
		described.Weight = e.Service.Weights.Warning
		described.Note = "consul warning: " + worst.label()
	default:
		described.Barred = "consul " + status + ": " + worst.label()
	}
	return described
}

// reachable reports whether the instance was registered with somewhere to connect to.
func (e *entry) reachable() bool { return e.Service.Port != 0 || e.Service.SocketPath != "" }

// critical reports whether it is a check that bars the instance, and nothing else.
func (e *entry) critical() bool {
	status, _ := e.status()
	return status == api.HealthCritical && e.reachable()
}

// status is the worst of the checks of node and instance, in Consul's order:
// maintenance, critical, warning, passing. No check at all passes.
func (e *entry) status() (string, check) {
	status, worst := api.HealthPassing, check{}
	for _, c := range e.Checks {
		if s := c.standing(); severity(s) > severity(status) {
			status, worst = s, c
		}
	}
	return status, worst
}

func (c check) standing() string {
	if c.CheckID == api.NodeMaint || strings.HasPrefix(c.CheckID, api.ServiceMaintPrefix) {
		return api.HealthMaint
	}
	return c.Status
}

func severity(status string) int {
	switch status {
	case api.HealthPassing:
		return 0
	case api.HealthWarning:
		return 1
	case api.HealthMaint:
		return 3
	default: // critical, and whatever a later Consul may add
		return 2
	}
}

// label is how a check is named to people: never its output, which changes with
// every run of the check.
func (c check) label() string {
	switch {
	case c.CheckID == api.NodeMaint:
		return reason("node", c.Notes)
	case strings.HasPrefix(c.CheckID, api.ServiceMaintPrefix):
		return reason("service", c.Notes)
	case c.Name != "":
		return "check " + c.Name
	default:
		return "check " + c.CheckID
	}
}

func reason(what, notes string) string {
	if notes == "" {
		return what
	}
	return what + ", " + notes
}
