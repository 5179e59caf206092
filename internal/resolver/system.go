package resolver

import (
	"bufio"
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// systemFiles is what the machine's own resolver goes by. Files are read again
// when their time changes: DHCP clients and containers rewrite them.
type systemFiles struct {
	confPath, hostsPath string

	mu       sync.Mutex
	modified time.Time
	config   *dns.ClientConfig
}

func newSystemFiles(confPath, hostsPath string) *systemFiles {
	return &systemFiles{confPath: cmp.Or(confPath, "/etc/resolv.conf"), hostsPath: cmp.Or(hostsPath, "/etc/hosts")}
}

// conf returns the servers of resolv.conf and the names to try for name, search
// list and ndots applied (resolv.conf(5)).
func (s *systemFiles) conf(name string) (servers, names []string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	info, err := os.Stat(s.confPath)
	if err != nil {
		return nil, nil, fmt.Errorf("read the system's name servers: %w", err)
	}
	if s.config == nil || !info.ModTime().Equal(s.modified) {
		config, err := dns.ClientConfigFromFile(s.confPath)
		if err != nil {
			return nil, nil, fmt.Errorf("read the system's name servers: %w", err)
		}
		s.config, s.modified = config, info.ModTime()
	}
	for _, server := range s.config.Servers {
		servers = append(servers, net.JoinHostPort(server, s.config.Port))
	}
	return servers, s.config.NameList(name), nil
}

// hosts looks name up in the hosts file, for questions for addresses.
func (s *systemFiles) hosts(name string, qtype uint16) (Answer, bool) {
	if qtype != dns.TypeA && qtype != dns.TypeAAAA {
		return Answer{}, false
	}
	file, err := os.Open(s.hostsPath)
	if err != nil {
		return Answer{}, false
	}
	defer func() { _ = file.Close() }()
	answer, listed := Answer{Server: s.hostsPath, Complete: true}, false
	for lines := bufio.NewScanner(file); lines.Scan(); {
		addr, ok := hostsLine(lines.Text(), strings.TrimSuffix(name, "."))
		if !ok {
			continue
		}
		listed = true
		if addr.Is4() == (qtype == dns.TypeA) {
			answer.Addrs = append(answer.Addrs, addr)
		}
	}
	return answer, listed
}

// hostsLine reads "address name name # comment".
func hostsLine(line, name string) (netip.Addr, bool) {
	line, _, _ = strings.Cut(line, "#")
	fields := strings.Fields(line)
	for i, field := range fields {
		if i > 0 && strings.EqualFold(field, name) {
			addr, err := netip.ParseAddr(fields[0])
			return addr.Unmap(), err == nil
		}
	}
	return netip.Addr{}, false
}
