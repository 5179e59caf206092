package admin

import (
	"time"

	"pingap-go/internal/longjson"
)

// Status is what runs.
type Status struct {
	Name       string    `json:"name"` // [basic] name
	Version    string    `json:"version"`
	Generation uint64    `json:"generation"`
	Started    time.Time `json:"started,omitzero"`
	Draining   bool      `json:"draining"`
	// LastReload is when a configuration was last loaded with success, ReloadError
	// why the last try failed, empty when it did not.
	LastReload  time.Time `json:"last_reload,omitzero"`
	ReloadError string    `json:"reload_error,omitempty"`
	// Ready is true exactly when NotReady is empty; the API sets it. NotReady says
	// what is missing, one sentence each: a server that does not listen, a pool
	// without a first answer, a drain.
	Ready    bool     `json:"ready"`
	NotReady []string `json:"not_ready"`
}

// Upstream is a pool as the API shows it. Times that are zero, and most empty
// fields beyond the first eight, are left out.
type Upstream struct {
	Name      string `json:"name"`
	Discovery string `json:"discovery"` // the kind: consul, srv, static, ...
	Algorithm string `json:"algorithm"`
	// Stale is true while discovery fails and the last good membership serves.
	Stale     bool   `json:"stale"`
	LastError string `json:"last_error"` // of discovery; empty when the last answer was good
	// LastSuccess is when the registry last answered, null when it never did;
	// AgeSeconds is how long ago.
	LastSuccess *time.Time `json:"last_success"`
	AgeSeconds  float64    `json:"age_seconds"`

	// Condition says what kind of membership this is: not_synced, denied,
	// populated, unhealthy, empty or unknown.
	Condition string `json:"condition,omitempty"`
	// Source says where it came from ("service api dc1"), at which Consul index
	// or with which DNS TTL.
	Source     string  `json:"source,omitempty"`
	Index      uint64  `json:"index,omitempty"`
	TTLSeconds float64 `json:"ttl_seconds,omitempty"`
	// Saved is when a membership that was restored from disk was written there.
	Saved time.Time `json:"saved,omitzero"`
	// Ready is false until there was a first answer or a saved one.
	Ready bool `json:"ready"`
	// Panic is true while so few hosts are eligible that all are used.
	Panic bool `json:"panic"`
	// Tier is the failover tier that serves; 0 is the preferred one.
	Tier int `json:"tier"`

	Endpoints []Endpoint `json:"endpoints"`
}

// Endpoint is one instance in a pool, with why it is in or out.
type Endpoint struct {
	ID      string            `json:"id"`             // what the registry calls it
	Node    string            `json:"node,omitempty"` // Consul's node; with ID the identity
	Address string            `json:"address"`
	Weight  int               `json:"weight"`
	Tier    int               `json:"tier,omitempty"`
	Tags    []string          `json:"tags"`
	Meta    map[string]string `json:"meta"`

	Verdict string    `json:"verdict"` // up, down, ejected, draining, unknown
	Reason  string    `json:"reason"`  // "consul passing; probe ok"
	Since   time.Time `json:"since,omitzero"`
	// Registry, Probe and Ejection are what the verdict was made of, each as a
	// sentence, empty when it has nothing to say.
	Registry string `json:"registry,omitempty"`
	Probe    string `json:"probe,omitempty"`
	Ejection string `json:"ejection,omitempty"`

	InFlight  int64   `json:"in_flight"`
	Requests  uint64  `json:"requests"`
	Failures  uint64  `json:"failures"`
	LatencyMS float64 `json:"latency_ms"`
}

// Pool is an upstream as the API is told of it. Its endpoints, of which there can
// be thousands, are asked for one by one while the answer is on its way; those in
// Upstream are for readers of the answer.
type Pool struct {
	Upstream
	Len      int
	Endpoint func(i int) Endpoint
}

// write writes the pool's JSON, with empty lists and maps for nil ones, for
// readers that expect them.
func (p *Pool) write(out *longjson.Writer) {
	out.Object(p.Upstream, "endpoints", p.Len, func(i int) any {
		e := p.Endpoint(i)
		if e.Tags == nil {
			e.Tags = []string{}
		}
		if e.Meta == nil {
			e.Meta = map[string]string{}
		}
		return &e
	})
}

// Route is one entry of a server's route table. A tag of an automatic route
// that could not be used is one too, with its Problem.
type Route struct {
	Server string `json:"server"`
	// Protocol is "tcp" for the connections of a tcp server, which has neither
	// location nor path; empty for requests.
	Protocol string   `json:"protocol,omitempty"`
	Location string   `json:"location"`
	Host     []string `json:"host,omitempty"`
	Path     string   `json:"path"`
	PathType string   `json:"path_type"` // any, prefix, exact, regex, starts_with
	Methods  []string `json:"methods,omitempty"`
	// Match lists what else must be there: "header X-Team: blue", "query v=2".
	Match    []string `json:"match,omitempty"`
	Priority int      `json:"priority"`
	Upstream string   `json:"upstream,omitempty"`
	Rewrite  string   `json:"rewrite,omitempty"`
	Plugins  []string `json:"plugins,omitempty"`
	// Source is "config" or "consul"; Instances are those that asked for an
	// automatic route by Tag.
	Source    string   `json:"source"`
	Tag       string   `json:"tag,omitempty"`
	Instances []string `json:"instances,omitempty"`
	// Problem is why the route is not in use; empty when it is.
	Problem string `json:"problem,omitempty"`
}

// Service is one app beside this sidecar and its registration in Consul.
type Service struct {
	Name    string            `json:"name"`
	ID      string            `json:"id"`
	Address string            `json:"address"`
	Port    int               `json:"port"`
	Tags    []string          `json:"tags,omitempty"`
	Meta    map[string]string `json:"meta,omitempty"`
	// Registered is true from the agent's answer until deregistration.
	Registered bool `json:"registered"`
	// Status is the app's as last seen: passing, warning, critical or unknown.
	Status string    `json:"status,omitempty"`
	Output string    `json:"output,omitempty"` // of its check
	Since  time.Time `json:"since,omitzero"`
	// LastError is why registering fails; empty when it does not.
	LastError string `json:"last_error,omitempty"`
}
