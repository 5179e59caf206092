package engine

import (
	"fmt"

	"pingap-go/config"
	"pingap-go/discovery"
	"pingap-go/discovery/consul"
	"pingap-go/discovery/dns"
	"pingap-go/discovery/file"
	"pingap-go/discovery/srv"
	"pingap-go/discovery/static"
	"pingap-go/endpoint"
)

// newWatcher makes the watcher of an upstream's kind. This is the list of the
// kinds that the program was built with.
func (b *builder) newWatcher(u *config.Upstream, seed endpoint.Snapshot) (discovery.Watcher, error) {
	switch u.Discovery {
	case "static":
		return static.New(static.Options{Addrs: entries(u)})
	case "consul":
		client, err := b.consulClient()
		if err != nil {
			return nil, err
		}
		return consul.NewWatcher(client, consul.Query{
			Service: u.Service, Tags: u.Tags, Filter: u.Filter, Datacenters: u.Datacenters,
			Near: u.Near, Status: u.Status, Seed: seed,
		})
	case "srv":
		return srv.New(srv.Options{
			Names: u.Addrs, Servers: u.DNSServer, TCP: u.DNSTCP, Refresh: u.Refresh, Hold: u.Hold, Seed: seed,
		})
	case "dns":
		return dns.New(dns.Options{
			Addrs: entries(u), Servers: u.DNSServer, TCP: u.DNSTCP, Refresh: u.Refresh, Hold: u.Hold, Seed: seed,
		})
	case "file":
		return file.New(file.Options{Paths: u.Addrs})
	}
	return nil, fmt.Errorf("unknown kind of discovery %q", u.Discovery)
}

// entries are an upstream's addresses as "host:port weight", ports filled in.
func entries(u *config.Upstream) []string {
	var list []string
	for _, a := range u.ParsedAddrs() {
		list = append(list, fmt.Sprintf("%s %d", a.Address, a.Weight))
	}
	return list
}

// consulOptions are the [consul] section as its package wants it.
func consulOptions(c *config.Consul) consul.Options {
	return consul.Options{
		Address: c.Address, Scheme: c.Scheme, Token: c.Token, TokenFile: c.TokenFile,
		Datacenter: c.Datacenter, Namespace: c.Namespace, Partition: c.Partition,
		TLSCAFile: c.TLSCAFile, TLSCertFile: c.TLSCertFile, TLSKeyFile: c.TLSKeyFile,
		TLSServerName: c.TLSServerName, TLSSkipVerify: c.TLSSkipVerify,
		Consistent: !c.Stale, Wait: c.Wait,
	}
}
