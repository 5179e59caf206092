package consul

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/hashicorp/consul/api"
)

// Options say how to reach the Consul agent. In a field left empty the standard
// environment variable (CONSUL_HTTP_ADDR, CONSUL_HTTP_TOKEN, CONSUL_CACERT and
// so on) stands in, then Consul's default.
type Options struct {
	// Address is "host:port", "http://host:port", "https://host:port" or
	// "unix:///path"; 127.0.0.1:8500 by default.
	Address string
	// Scheme is http or https where Address does not say.
	Scheme string
	// Token is the ACL token. TokenFile holds one instead, and wins over it; the
	// file is read again when it changes.
	Token     string
	TokenFile string
	// Datacenter, Namespace and Partition are sent along when set.
	Datacenter string
	Namespace  string
	Partition  string
	// TLS to the agent, for https addresses.
	TLSCAFile     string
	TLSCertFile   string
	TLSKeyFile    string
	TLSServerName string
	TLSSkipVerify bool
	// Consistent asks the leader for every answer; by default any server may
	// answer, which keeps answering while there is no leader ("stale" reads).
	Consistent bool
	// Wait is how long one blocking query may wait for news: 0 = 5 min, at most
	// Consul's 10 min.
	Wait time.Duration
	// MaxConnections bounds the connections to the agent where it cannot
	// multiplex (plain HTTP, unix socket): 0 = 100. The agent allows 200 for all
	// clients of one address together.
	MaxConnections int
	// Heartbeat is how often the agent is asked whether it is alive and knows a
	// leader: 0 = 10 s, negative = never. See Client.
	Heartbeat time.Duration
}

// normalised returns o with the environment and the defaults filled in, and the
// address split into where to dial and what to ask for.
func (o Options) normalised() (Options, target, error) {
	env := api.DefaultConfig()
	o.Address = cmp.Or(o.Address, env.Address)
	o.Scheme = cmp.Or(o.Scheme, env.Scheme)
	o.Namespace = cmp.Or(o.Namespace, env.Namespace)
	o.Partition = cmp.Or(o.Partition, env.Partition)
	o.Datacenter = cmp.Or(o.Datacenter, env.Datacenter)
	if o.Token == "" && o.TokenFile == "" {
		o.Token, o.TokenFile = env.Token, env.TokenFile
	}
	o.Wait = min(cmp.Or(o.Wait, 5*time.Minute), 10*time.Minute)
	o.MaxConnections = cmp.Or(o.MaxConnections, 100)
	o.Heartbeat = cmp.Or(o.Heartbeat, 10*time.Second)
	switch {
	case o.Wait < 0:
		return o, target{}, fmt.Errorf("consul wait %s is negative", o.Wait)
	case o.MaxConnections < 1:
		return o, target{}, fmt.Errorf("consul needs at least one connection, not %d", o.MaxConnections)
	}
	t, err := parseTarget(o.Address, o.Scheme)
	return o, t, err
}

// Place names what o leads to, with the environment and the defaults filled in:
// two that ask the same there are told the same. It is not for people.
func (o Options) Place() string {
	o, t, err := o.normalised()
	if err != nil {
		return o.Address
	}
	return fmt.Sprintf("%q %q %q %q %q", t.String(), t.prefix, o.Datacenter, o.Namespace, o.Partition)
}

// target is where an agent listens.
type target struct {
	scheme string // http or https
	host   string // of the URL; "localhost" for a socket
	prefix string // path before /v1, behind a reverse proxy
	socket string // path of a unix socket, or empty
}

func parseTarget(address, scheme string) (target, error) {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		return target{scheme: "http", host: "localhost", socket: strings.TrimPrefix(path, "//")}, nil
	}
	if strings.HasPrefix(address, "/") {
		return target{scheme: "http", host: "localhost", socket: address}, nil
	}
	t := target{scheme: scheme, host: address}
	if before, after, ok := strings.Cut(address, "://"); ok {
		// An https that was asked for elsewhere (CONSUL_HTTP_SSL) is not undone.
		if scheme != "https" {
			t.scheme = before
		}
		t.host = after
	}
	host, path, _ := strings.Cut(strings.TrimSuffix(t.host, "/"), "/")
	if t.host = host; path != "" {
		t.prefix = "/" + path
	}
	if t.scheme != "http" && t.scheme != "https" {
		return target{}, fmt.Errorf(`consul address %q: scheme %q is not http, https or unix`, address, t.scheme)
	}
	if t.host == "" {
		return target{}, fmt.Errorf("consul address %q names no host", address)
	}
	return t, nil
}

// String is the target as logs and errors show it.
func (t target) String() string {
	if t.socket != "" {
		return "unix:" + t.socket
	}
	return t.scheme + "://" + t.host
}

// newAPI builds Consul's own client on top of our transport. Every request gets
// its token from there, so the client itself is given one that is never sent.
func newAPI(o Options, t target, transport http.RoundTripper) (*api.Client, error) {
	client, err := api.NewClient(&api.Config{
		Address:    t.host,
		Scheme:     t.scheme,
		PathPrefix: t.prefix,
		HttpClient: &http.Client{Transport: transport},
		Token:      "replaced-by-transport",
		HttpAuth:   api.DefaultConfig().HttpAuth, // CONSUL_HTTP_AUTH, for an agent behind a server that asks for it
		Datacenter: o.Datacenter,
		Namespace:  o.Namespace,
		Partition:  o.Partition,
	})
	if err != nil {
		return nil, fmt.Errorf("consul client for %s: %w", t, err)
	}
	return client, nil
}
