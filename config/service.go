package config

import "time"

// Service is one [services.NAME] section: the app beside this sidecar, to be
// registered in Consul.
type Service struct {
	Name string `toml:"-"`
	// Port is the app's port. After Load it is also what address had behind its colon.
	Port int `toml:"port" max:"65535"`
	// Address is the app's address; empty = the agent's.
	Address string            `toml:"address"`
	Tags    []string          `toml:"tags"`
	Meta    map[string]string `toml:"meta"`
	// ID is the registration's ID; empty = NAME-<alloc or host>-<port>.
	ID string `toml:"id"`
	// Weights are Consul's; nil leaves Consul's own.
	Weights *Weights `toml:"weights"`
	// Check is the URL form of a health check, or "ttl": the sidecar's own verdict.
	Check string `toml:"check" default:"ttl"`
	// CheckHealth is what Check says; nil for "ttl".
	CheckHealth *HealthCheck `toml:"-"`
	// App is the URL form of a health check of the app itself, its host and port
	// being where the app listens; empty = Check, at the registered address.
	App string `toml:"app"`
	// AppHealth is what App says.
	AppHealth *HealthCheck `toml:"-"`
	// DeregisterAfter is how long Consul keeps a critical registration; 0 = without end.
	DeregisterAfter time.Duration `toml:"deregister_after" default:"10m"`
}

// Weights are Consul's weights of a service by its status.
type Weights struct {
	Passing int `toml:"passing" default:"1"`
	Warning int `toml:"warning" default:"1"`
}
