package playground

import "fmt"

// Config is the configuration of a proxy on addr, with its admin API on admin,
// that routes to the playground's instances.
func (p *Playground) Config(addr, admin string) string {
	return fmt.Sprintf(template, admin, Service, p.RegistryAddr(), addr)
}

// template is what dev mode runs. It is written to be read: -print-config and
// GET /api/config show it.
const template = `# What pingap dev runs. For a service of your own put its SRV name into addrs and
# leave dns_server out: then the system's name server is asked.

[basic]
name = "pingap-dev"
shutdown_timeout = "5s"

[admin]
addr = %q

[upstreams.app]
discovery = "srv"
addrs = [%q]
dns_server = [%q]
refresh = "200ms"   # the records' TTL is 0: ask this often
hold = "500ms"      # an instance must be missing for this long to be gone
algorithm = "round_robin"

[upstreams.app.health]
path = "/health"
check_frequency = "500ms"
connection_timeout = "1s"
read_timeout = "1s"

[upstreams.app.retry]
attempts = 3        # the next try goes to another instance
budget_floor = 50   # retries a second for those who ask by hand; 0.2 of the requests is for traffic

[locations.app]
upstream = "app"

[servers.http]
addr = %q
locations = ["app"]
`
