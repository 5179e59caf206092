package engine

import (
	"slices"

	"pingap-go/config"
)

// handover is an address that one server leaves to another in a reload: one was
// given another name, or two have changed places. It is never closed, for the
// system would not let both have it, and clients would be refused in between.
type handover struct {
	addr     string
	from, to string // servers
}

// handovers lists what changes hands between two configurations; old may be nil.
func handovers(old, next *config.Config) (list []handover) {
	if old == nil {
		return nil
	}
	holder := map[string]string{}
	for name, s := range old.Servers {
		for _, addr := range s.Addr {
			holder[addr] = name
		}
	}
	for name, s := range next.Servers {
		for _, addr := range s.Addr {
			from, held := holder[addr]
			if held && !listensOn(old, name, addr) && !listensOn(next, from, addr) {
				list = append(list, handover{addr: addr, from: from, to: name})
			}
		}
	}
	return list
}

func listensOn(c *config.Config, server, addr string) bool {
	s := c.Servers[server]
	return s != nil && slices.Contains(s.Addr, addr)
}

// unheld are the addresses of a server that nobody leaves to it.
func unheld(list []handover, server string, addrs []string) (free []string) {
	for _, addr := range addrs {
		if !slices.ContainsFunc(list, func(h handover) bool { return h.to == server && h.addr == addr }) {
			free = append(free, addr)
		}
	}
	return free
}

// handOver moves the addresses that change hands. Nobody accepts on them from here
// until their new servers Serve; clients wait in the system's queue.
func (e *Engine) handOver(list []handover) {
	for _, h := range list {
		if l := e.servers[h.from].Release(h.addr); l != nil {
			e.servers[h.to].Adopt(h.addr, l)
		}
	}
}
