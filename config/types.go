package config

import (
	"net/netip"
	"time"
)

// Config is one load of the configuration, defaults filled in and names
// checked. It is never changed after Load.
type Config struct {
	Basic      Basic                `toml:"basic"`
	Admin      Admin                `toml:"admin"`
	Consul     Consul               `toml:"consul"`
	Otel       Otel                 `toml:"otel"`
	Servers    map[string]*Server   `toml:"servers"`
	Locations  map[string]*Location `toml:"locations"`
	Upstreams  map[string]*Upstream `toml:"upstreams"`
	Services   map[string]*Service  `toml:"services"`
	AutoRoutes AutoRoutes           `toml:"auto_routes"`
	Plugins    map[string]*Plugin   `toml:"plugins"`

	where positions
}

// Problem makes a problem of the key named by its steps, such as "plugins",
// "auth", "category". It stands where the key stands, or the nearest table
// around it. Stages after Load report with it.
func (c *Config) Problem(text string, key ...string) Problem {
	return c.where.problem(path(key), text, "")
}

// Basic is the [basic] section.
type Basic struct {
	// Name is this sidecar's name in logs and traces.
	Name string `toml:"name" default:"pingap"`
	// LogLevel is the least level that is logged; -log-level has priority.
	LogLevel string `toml:"log_level" default:"info" oneof:"debug info warn error"`
	// ShutdownTimeout bounds how long a drain waits for requests in flight.
	ShutdownTimeout time.Duration `toml:"shutdown_timeout" default:"30s"`
	// DrainDelay is how long a drain keeps listening after /readyz began to fail; 0 = not at all.
	DrainDelay time.Duration `toml:"drain_delay" default:"0s"`
	// TrustedProxies may say who the client is by X-Forwarded-For; none by default.
	TrustedProxies []netip.Prefix `toml:"trusted_proxies"`
	// ErrorTemplate is the body of our own answers; empty = built in.
	ErrorTemplate string `toml:"error_template"`
	// StateDir keeps last-good memberships; empty = the user's cache directory.
	StateDir string `toml:"state_dir"`
	// Threads carry requests; 0 = what the cgroup or Nomad allows, or one for each
	// core. Each has memory of its own, so that a slip of the hand must not ask for
	// a million.
	Threads int `toml:"threads" default:"0" max:"1024"`
	// KeepalivePoolSize bounds the idle connections kept to one endpoint.
	KeepalivePoolSize int `toml:"keepalive_pool_size" default:"512"`
}

// Admin is the [admin] section.
type Admin struct {
	// Addr is "ip:port"; empty turns the admin API off.
	Addr string `toml:"addr" default:"127.0.0.1:6189"`
	// Token is the bearer token; Addr must be a loopback address without one.
	Token string `toml:"token" secret:"true"`
}

// Consul is the [consul] section. An empty field leaves the CONSUL_* variable,
// and then the agent's default, in force.
type Consul struct {
	Address       string `toml:"address"`
	Token         string `toml:"token" secret:"true"`
	TokenFile     string `toml:"token_file"`
	Scheme        string `toml:"scheme" oneof:"http https"`
	Datacenter    string `toml:"datacenter"`
	Namespace     string `toml:"namespace"`
	Partition     string `toml:"partition"`
	TLSCAFile     string `toml:"tls_ca_file"`
	TLSCertFile   string `toml:"tls_cert_file"`
	TLSKeyFile    string `toml:"tls_key_file"`
	TLSServerName string `toml:"tls_server_name"`
	TLSSkipVerify bool   `toml:"tls_skip_verify" default:"false"`
	// Stale lets every Consul server answer, not the leader alone.
	Stale bool `toml:"stale" default:"true"`
	// Wait is how long a blocking query may wait for a change. Consul's own
	// bounds are 1s and 10m.
	Wait time.Duration `toml:"wait" default:"5m" min:"1s" max:"10m"`
}

// Otel is the [otel] section. An empty field leaves the OTEL_* variable in force.
type Otel struct {
	// Endpoint is http://…:4318 or grpc://…:4317 (or with TLS https://, grpcs://); empty = off.
	Endpoint string `toml:"endpoint"`
	// SampleRatio is the share of what the parent span has not decided already.
	SampleRatio float64 `toml:"sample_ratio" default:"1" max:"1"`
	// ServiceName is basic.name when it is empty.
	ServiceName string `toml:"service_name"`
}

// AutoRoutes is the [auto_routes] section: routes from the catalog's tags.
type AutoRoutes struct {
	Enabled bool `toml:"enabled" default:"false"`
	// TagPrefix begins the tags that are routes.
	TagPrefix string `toml:"tag_prefix" default:"urlprefix-"`
	// Services are names or globs; empty = all that carry the tag.
	Services []string `toml:"services"`
	// Server takes the routes; after Load the only one there is when it was not named.
	Server string `toml:"server"`
	// Hold is how long the routes of a service stay, answering 503, when its last
	// instance has gone from the catalog; 0 = they go with it.
	Hold time.Duration `toml:"hold" default:"0s"`
}

// Size is a number of bytes, written as "10mb", "64kb", "512" or a plain number.
type Size int64

// List is a string of comma-separated items or an array of strings.
type List []string
