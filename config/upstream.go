package config

import "time"

// Upstream is one [upstreams.NAME] section: a service we send to.
type Upstream struct {
	Name string `toml:"-"`
	// Discovery is the kind of registry that says who is there.
	Discovery string `toml:"discovery" default:"static" oneof:"static consul srv dns file"`
	// Addrs are "host:port [weight]" (static, dns), SRV names (srv) or file paths (file).
	Addrs List `toml:"addrs" only:"static dns srv file"`
	// Service is the name in Consul's catalog.
	Service string `toml:"service" only:"consul"`
	// Tags must all be present on an instance.
	Tags []string `toml:"tags" only:"consul"`
	// Filter is an expression in Consul's filter language.
	Filter string `toml:"filter" only:"consul"`
	// Datacenters are in order of failover; empty = the agent's own.
	Datacenters []string `toml:"datacenters" only:"consul"`
	// Near sorts by round-trip time from a node; "_agent" is the agent's own.
	Near string `toml:"near" only:"consul"`
	// Status lists which states of Consul's checks may serve.
	Status []string `toml:"status" default:"passing" oneof:"passing warning" only:"consul"`
	// DNSServer are "ip:port", the port always there after Load; empty = resolv.conf.
	DNSServer List `toml:"dns_server" only:"srv dns"`
	// DNSTCP asks over TCP first.
	DNSTCP bool `toml:"dns_tcp" default:"false" only:"srv dns"`
	// Refresh is the least time between two queries, and the time where the TTL
	// is 0. Static lists take it, too, since Pingap's have it: their names are
	// looked up for each connection.
	Refresh time.Duration `toml:"refresh" default:"1s" only:"static srv dns"`
	// Hold is how long an absent or unknown DNS name keeps its endpoints.
	Hold time.Duration `toml:"hold" default:"10s" only:"srv dns"`
	// OnEmpty says what an empty answer does to the pool: "drain" or "keep".
	OnEmpty string `toml:"on_empty" default:"drain" oneof:"drain keep"`

	// Algorithm is the name of a policy, or "hash:KEY".
	Algorithm string `toml:"algorithm" default:"round_robin"`
	// Sticky is "cookie:NAME"; empty = off.
	Sticky string `toml:"sticky"`
	// HashBalance bounds the load of one host under a hash policy, relative to
	// the mean; 0 = no bound, otherwise at least 1.
	HashBalance float64 `toml:"hash_balance" default:"1.25"`
	// HealthCheck is the URL form. Health holds what it says after Load.
	HealthCheck string `toml:"health_check"`
	// Health is nil when there are no active checks.
	Health *HealthCheck `toml:"health"`

	Ejection Ejection `toml:"ejection"`
	Retry    Retry    `toml:"retry"`
	Limits   Limits   `toml:"limits"`
	// Panic is the share of eligible hosts below which all are used; 0 = only
	// when none is left.
	Panic float64 `toml:"panic" default:"0" max:"1"`
	// SlowStart is how long a new or returned host takes to its full share; 0 = off.
	SlowStart time.Duration `toml:"slow_start" default:"0s"`

	// TLS speaks TLS to the endpoints. After Load it is also on when SNI is set.
	TLS bool `toml:"tls" default:"false"`
	// SNI is the server name to ask for and to verify; empty = the host of the address.
	SNI string `toml:"sni"`
	// VerifyCert checks the endpoints' certificates.
	VerifyCert bool `toml:"verify_cert" default:"true"`
	// CAFile is a PEM file of the authorities to trust; empty = the system's.
	CAFile string `toml:"ca_file"`
	// ALPN is "h1", "h2" or "h2h1".
	ALPN string `toml:"alpn" default:"h1" oneof:"h1 h2 h2h1"`
	// MaxConnections bounds the connections to one endpoint; 0 = no bound.
	MaxConnections int `toml:"max_connections" default:"0"`
	// IdleTimeout is how long an idle connection is kept; 0 = no bound.
	IdleTimeout time.Duration `toml:"idle_timeout" default:"60s"`
	// KeepaliveRequests bounds the requests on one connection; 0 = no bound.
	KeepaliveRequests int `toml:"keepalive_requests" default:"0"`
}

// Ejection is [upstreams.NAME.ejection]: passive evidence.
type Ejection struct {
	Enabled bool `toml:"enabled" default:"true"`
	// ConsecutiveFailures in a row eject: 5xx, connect failures, resets and time-outs; 0 = off.
	ConsecutiveFailures int `toml:"consecutive_failures" default:"5"`
	// SuccessRate ejects hosts whose success rate is far below the others'.
	SuccessRate bool `toml:"success_rate" default:"true"`
	// Interval is the window of the success rate.
	Interval time.Duration `toml:"interval" default:"10s" min:"10ms"`
	// MinRequests a window and host are needed for the success rate.
	MinRequests int `toml:"min_requests" default:"10" min:"1"`
	// MinHosts with enough requests are needed for the success rate.
	MinHosts int `toml:"min_hosts" default:"2" min:"1"`
	// BaseTime is how long the first ejection lasts; it doubles.
	BaseTime time.Duration `toml:"base_time" default:"5s" min:"1ms"`
	// MaxTime caps an ejection.
	MaxTime time.Duration `toml:"max_time" default:"5m" min:"1ms"`
	// MaxShare of the pool may be ejected at once, and never the last host.
	MaxShare float64 `toml:"max_share" default:"0.5" max:"1"`
}

// Retry is [upstreams.NAME.retry].
type Retry struct {
	// Attempts are the tries in all, refused connections not counted; 1 = never retry.
	Attempts int `toml:"attempts" default:"3" min:"1" max:"8"`
	// On lists "connect", "reset", "timeout" and statuses such as "502". Empty:
	// connect always, the others and 502, 503, 504 for idempotent methods.
	On []string `toml:"on"`
	// PerTryTimeout bounds the wait for one response head where it is below the
	// location's response_timeout; 0 = none.
	PerTryTimeout time.Duration `toml:"per_try_timeout" default:"0s"`
	// Backoff comes before the second retry and doubles, with jitter; the first
	// retry goes to another host at once.
	Backoff time.Duration `toml:"backoff" default:"25ms"`
	// Budget bounds retries relative to requests.
	Budget float64 `toml:"budget" default:"0.2"`
	// BudgetFloor is how many retries a second are always allowed.
	BudgetFloor float64 `toml:"budget_floor" default:"3"`
	// ReplayBuffer is the largest request body kept for a retry.
	ReplayBuffer Size `toml:"replay_buffer" default:"64kb"`
	// HedgeAfter is "50ms" or a percentile such as "p95"; empty = off.
	HedgeAfter string `toml:"hedge_after"`
}

// Limits is [upstreams.NAME.limits].
type Limits struct {
	// MaxInFlight bounds the requests in flight of the whole upstream; 0 = no bound.
	MaxInFlight int `toml:"max_in_flight" default:"0"`
	// MaxInFlightEndpoint bounds those of one endpoint; 0 = no bound.
	MaxInFlightEndpoint int `toml:"max_in_flight_endpoint" default:"0"`
	// Queue is how many requests may wait for a place; 0 = none.
	Queue int `toml:"queue" default:"0"`
	// QueueTimeout is how long they may wait.
	QueueTimeout time.Duration `toml:"queue_timeout" default:"1s"`
	// Adaptive finds the limit by the gradient of latency.
	Adaptive bool `toml:"adaptive" default:"false"`
}
