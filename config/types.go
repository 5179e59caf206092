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
}

// Size is a number of bytes, written as "10mb", "64kb", "512" or a plain number.
type Size int64

// Basic is the [basic] section.
type Basic struct {
	Name              string         `toml:"name"`
	LogLevel          string         `toml:"log_level"`
	ShutdownTimeout   time.Duration  `toml:"shutdown_timeout"`
	DrainDelay        time.Duration  `toml:"drain_delay"`
	TrustedProxies    []netip.Prefix `toml:"trusted_proxies"`
	ErrorTemplate     string         `toml:"error_template"`
	StateDir          string         `toml:"state_dir"`
	Threads           int            `toml:"threads"`
	KeepalivePoolSize int            `toml:"keepalive_pool_size"`
}

// Admin is the [admin] section.
type Admin struct {
	Addr  string `toml:"addr"`
	Token string `toml:"token" secret:"true"`
}

// Consul is the [consul] section. An empty field leaves the CONSUL_* variable,
// and then the agent's default, in force.
type Consul struct {
	Address       string        `toml:"address"`
	Token         string        `toml:"token" secret:"true"`
	TokenFile     string        `toml:"token_file"`
	Scheme        string        `toml:"scheme"`
	Datacenter    string        `toml:"datacenter"`
	Namespace     string        `toml:"namespace"`
	Partition     string        `toml:"partition"`
	TLSCAFile     string        `toml:"tls_ca_file"`
	TLSCertFile   string        `toml:"tls_cert_file"`
	TLSKeyFile    string        `toml:"tls_key_file"`
	TLSServerName string        `toml:"tls_server_name"`
	TLSSkipVerify bool          `toml:"tls_skip_verify"`
	Stale         bool          `toml:"stale"`
	Wait          time.Duration `toml:"wait"`
}

// Otel is the [otel] section.
type Otel struct {
	Endpoint    string  `toml:"endpoint"`
	SampleRatio float64 `toml:"sample_ratio"`
	ServiceName string  `toml:"service_name"`
}

// Server is one [servers.NAME] section.
type Server struct {
	Name              string        `toml:"-"`
	Addr              List          `toml:"addr"`
	Locations         []string      `toml:"locations"` // after Load: all locations when none were named
	Protocol          string        `toml:"protocol"`
	Upstream          string        `toml:"upstream"`
	EnableHTTP2       *bool         `toml:"enable_http2"`
	AccessLog         string        `toml:"access_log"`
	ReadHeaderTimeout time.Duration `toml:"read_header_timeout"`
	IdleTimeout       time.Duration `toml:"idle_timeout"`
	MaxHeaderBytes    Size          `toml:"max_header_bytes"`
	MaxConnections    int           `toml:"max_connections"`
	TLSCert           string        `toml:"tls_cert"`
	TLSKey            string        `toml:"tls_key"`
	TLSMinVersion     string        `toml:"tls_min_version"`
}

// List is a string of comma-separated items or an array of strings.
type List []string

// Location is one [locations.NAME] section.
type Location struct {
	Name                  string        `toml:"-"`
	Upstream              string        `toml:"upstream"`
	Host                  List          `toml:"host"`
	Path                  string        `toml:"path"`
	PathType              string        `toml:"path_type"` // after Load: prefix, exact or regex; Path without "= " or "~ "
	Methods               []string      `toml:"methods"`
	MatchHeaders          []string      `toml:"match_headers"`
	MatchQuery            []string      `toml:"match_query"`
	MatchCookies          []string      `toml:"match_cookies"`
	Priority              *int          `toml:"priority"`
	Rewrite               string        `toml:"rewrite"`
	HeadersAdd            []string      `toml:"headers_add"`
	HeadersSet            []string      `toml:"headers_set"`
	HeadersRemove         []string      `toml:"headers_remove"`
	ResponseHeadersAdd    []string      `toml:"response_headers_add"`
	ResponseHeadersSet    []string      `toml:"response_headers_set"`
	ResponseHeadersRemove []string      `toml:"response_headers_remove"`
	Plugins               []string      `toml:"plugins"`
	ForwardedHeaders      bool          `toml:"forwarded_headers"`
	ClientMaxBodySize     Size          `toml:"client_max_body_size"`
	MaxProcessing         int           `toml:"max_processing"`
	Timeout               time.Duration `toml:"timeout"`
	ConnectTimeout        time.Duration `toml:"connect_timeout"`
	ResponseTimeout       time.Duration `toml:"response_timeout"`
	Retries               *int          `toml:"retries"` // shorthand: tries beyond the first; overrides the upstream's retry.attempts
	Websocket             bool          `toml:"websocket"`
}

// Upstream is one [upstreams.NAME] section.
type Upstream struct {
	Name        string        `toml:"-"`
	Discovery   string        `toml:"discovery"`
	Addrs       List          `toml:"addrs"`
	Service     string        `toml:"service"`
	Tags        []string      `toml:"tags"`
	Filter      string        `toml:"filter"`
	Datacenters []string      `toml:"datacenters"`
	Near        string        `toml:"near"`
	Status      []string      `toml:"status"`
	DNSServer   List          `toml:"dns_server"`
	DNSTCP      bool          `toml:"dns_tcp"` // ask over TCP first
	Refresh     time.Duration `toml:"refresh"`
	Hold        time.Duration `toml:"hold"` // how long an absent or unknown DNS name keeps its endpoints (30s)
	OnEmpty     string        `toml:"on_empty"`

	Algorithm   string       `toml:"algorithm"`
	Sticky      string       `toml:"sticky"`       // "cookie:NAME"
	HashBalance float64      `toml:"hash_balance"` // bounded load factor of hash policies; 1.25; 0 = unbounded
	HealthCheck string       `toml:"health_check"` // URL form; Health holds what it says after Load
	Health      *HealthCheck `toml:"health"`       // nil: no active checks

	Ejection  Ejection      `toml:"ejection"`
	Retry     Retry         `toml:"retry"`
	Limits    Limits        `toml:"limits"`
	Panic     float64       `toml:"panic"` // share of eligible hosts below which all are used; 0 = only when none is left
	SlowStart time.Duration `toml:"slow_start"`

	SNI               string        `toml:"sni"`
	VerifyCert        bool          `toml:"verify_cert"`
	CAFile            string        `toml:"ca_file"`
	TLS               bool          `toml:"tls"` // also on when sni is set
	ALPN              string        `toml:"alpn"`
	MaxConnections    int           `toml:"max_connections"`
	IdleTimeout       time.Duration `toml:"idle_timeout"`
	KeepaliveRequests int           `toml:"keepalive_requests"`
}

// HealthCheck is [upstreams.NAME.health], or what the URL form says.
type HealthCheck struct {
	Scheme            string        `toml:"scheme"` // http, https, tcp, grpc
	Host              string        `toml:"host"`   // the Host header; empty: the endpoint's address
	Path              string        `toml:"path"`
	Frequency         time.Duration `toml:"check_frequency"`    // 10s
	DownFrequency     time.Duration `toml:"down_frequency"`     // while down; 0 = a third of check_frequency
	ConnectionTimeout time.Duration `toml:"connection_timeout"` // 3s
	ReadTimeout       time.Duration `toml:"read_timeout"`       // 3s
	Success           int           `toml:"success"`            // 1
	Failure           int           `toml:"failure"`            // 2
	Status            string        `toml:"status"`             // "200-399" or "200,204,300-308"
	Body              string        `toml:"body"`               // text the answer must contain
	Service           string        `toml:"service"`            // gRPC service name
	TLS               bool          `toml:"tls"`                // gRPC over TLS
}

// Ejection is [upstreams.NAME.ejection]: passive evidence.
type Ejection struct {
	Enabled             bool          `toml:"enabled"`              // true
	ConsecutiveFailures int           `toml:"consecutive_failures"` // 5; 5xx, connect failures, resets and time-outs in a row; 0 = off
	SuccessRate         bool          `toml:"success_rate"`         // true: eject success-rate outliers
	Interval            time.Duration `toml:"interval"`             // 10s: window of the success rate
	MinRequests         int           `toml:"min_requests"`         // 50 a window and host, for the success rate
	MinHosts            int           `toml:"min_hosts"`            // 3 hosts with enough requests, for the success rate
	BaseTime            time.Duration `toml:"base_time"`            // 5s: first ejection; doubles
	MaxTime             time.Duration `toml:"max_time"`             // 5m
	MaxShare            float64       `toml:"max_share"`            // 0.5 of the pool at once, never the last host
}

// Retry is [upstreams.NAME.retry].
type Retry struct {
	Attempts      int           `toml:"attempts"`        // 3 tries in all; 1 = never retry
	On            []string      `toml:"on"`              // "connect", "reset", "timeout", "502", "503", "504" ...; default: connect always, the others for idempotent methods
	PerTryTimeout time.Duration `toml:"per_try_timeout"` // 0 = response_timeout
	Backoff       time.Duration `toml:"backoff"`         // 0 before the first retry, then doubling with jitter; 25ms
	Budget        float64       `toml:"budget"`          // 0.2 of the requests
	BudgetFloor   float64       `toml:"budget_floor"`    // 3 a second
	ReplayBuffer  Size          `toml:"replay_buffer"`   // 64kb: largest body kept for a retry
	HedgeAfter    string        `toml:"hedge_after"`     // "50ms" or "p95"; empty = off
}

// Limits is [upstreams.NAME.limits].
type Limits struct {
	MaxInFlight         int           `toml:"max_in_flight"`          // whole upstream; 0 = no bound
	MaxInFlightEndpoint int           `toml:"max_in_flight_endpoint"` // per endpoint; 0 = no bound
	Queue               int           `toml:"queue"`                  // requests that may wait; 0 = none
	QueueTimeout        time.Duration `toml:"queue_timeout"`          // 1s
	Adaptive            bool          `toml:"adaptive"`               // gradient on latency
}

// Service is one [services.NAME] section: the app beside this sidecar.
type Service struct {
	Name            string            `toml:"-"`
	Port            int               `toml:"port"`
	Address         string            `toml:"address"`
	Tags            []string          `toml:"tags"`
	Meta            map[string]string `toml:"meta"`
	ID              string            `toml:"id"`
	Weights         *Weights          `toml:"weights"`
	Check           string            `toml:"check"` // URL form or "ttl"
	CheckHealth     *HealthCheck      `toml:"-"`     // what Check says; nil for ttl
	DeregisterAfter time.Duration     `toml:"deregister_after"`
}

// Weights are Consul's weights of a service by its status.
type Weights struct {
	Passing int `toml:"passing"`
	Warning int `toml:"warning"`
}

// AutoRoutes is the [auto_routes] section.
type AutoRoutes struct {
	Enabled   bool     `toml:"enabled"`
	TagPrefix string   `toml:"tag_prefix"`
	Services  []string `toml:"services"`
	Server    string   `toml:"server"`
}

// Plugin is one [plugins.NAME] section. The category's own keys are decoded by
// the category, through Decode.
type Plugin struct {
	Name     string
	Category string
	raw      map[string]any
	where    positions
}
