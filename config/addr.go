package config

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// Addr is one item of an upstream's static list.
type Addr struct {
	// Address is "host:port" (the port is always there) or "unix:/path".
	Address string
	// Weight is 1 when none was written.
	Weight int
}

// ParseAddr reads "host:port [weight]", "host" (with defaultPort) and
// "unix:/path [weight]". IPv6 addresses stand in brackets when a port follows.
func ParseAddr(text, defaultPort string) (Addr, error) {
	fields := strings.Fields(text)
	if len(fields) == 0 || len(fields) > 2 {
		return Addr{}, fmt.Errorf("%q is not \"host:port [weight]\"", text)
	}
	addr := Addr{Weight: 1}
	if len(fields) == 2 {
		weight, err := strconv.Atoi(fields[1])
		if err != nil || weight < 0 || weight > maxWeight {
			return Addr{}, fmt.Errorf("weight %q is not a number from 0 to %d", fields[1], maxWeight)
		}
		addr.Weight = weight
	}
	var err error
	addr.Address, err = dialAddress(fields[0], defaultPort)
	return addr, err
}

// maxWeight is the largest weight of an SRV record (RFC 2782), so that weights
// mean the same whatever they come from.
const maxWeight = 65535

// dialAddress is text with its port.
func dialAddress(text, defaultPort string) (string, error) {
	if socket, ok := strings.CutPrefix(text, "unix:"); ok {
		if socket == "" {
			return "", fmt.Errorf("%q names no socket", text)
		}
		return text, nil
	}
	if strings.Contains(text, "://") {
		return "", fmt.Errorf("%q is a URL, not \"host:port\"", text)
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		host, port = text, defaultPort
		if strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") {
			host = text[1 : len(text)-1]
		}
	}
	switch {
	case !isHost(host):
		return "", fmt.Errorf("%q is not \"host:port\"", text)
	case !isPort(port, 1):
		return "", fmt.Errorf("%q has no port from 1 to 65535", text)
	}
	return net.JoinHostPort(host, port), nil
}

// isHost reports whether text is an IP address or could be a name. Underscores
// are allowed, as Consul's and Docker's names have them.
func isHost(text string) bool {
	if _, err := netip.ParseAddr(text); err == nil {
		return true
	}
	if text == "" || len(text) > 253 || strings.HasPrefix(text, ".") || strings.Contains(text, "..") {
		return false
	}
	return strings.Trim(text, bareKey+".") == ""
}

func isPort(text string, lowest int) bool {
	n, err := strconv.Atoi(text)
	return err == nil && n >= lowest && n <= 65535
}

// ParsedAddrs is Addrs as the kinds static and dns read it: with weights, and
// with port 443 for TLS and 80 otherwise where none was written. After Load
// every item is valid.
func (u *Upstream) ParsedAddrs() []Addr {
	addrs := make([]Addr, 0, len(u.Addrs))
	for _, text := range u.Addrs {
		if addr, err := ParseAddr(text, u.defaultPort()); err == nil {
			addrs = append(addrs, addr)
		}
	}
	return addrs
}

func (u *Upstream) defaultPort() string {
	if u.TLS {
		return "443"
	}
	return "80"
}

// listenAddress is what two servers cannot share: a host ("" for all of them)
// and a port, or a socket's path.
type listenAddress struct{ host, port string }

// parseListen reads "host:port", ":port" and "unix:PATH".
func parseListen(text string) (listenAddress, error) {
	if socket, ok := strings.CutPrefix(text, "unix:"); ok && socket != "" {
		return listenAddress{host: text}, nil
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil || !isPort(port, 0) || host != "" && !isHost(host) {
		return listenAddress{}, fmt.Errorf("%q is not \"host:port\", \":port\" or \"unix:PATH\"", text)
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsUnspecified() {
		host = ""
	}
	return listenAddress{host: host, port: port}, nil
}

// clashes reports whether only one of the two can be listened on.
func (a listenAddress) clashes(o listenAddress) bool {
	if a.port != o.port || a.port == "0" {
		return false
	}
	return a.host == o.host || a.port != "" && (a.host == "" || o.host == "")
}

// isLoopback reports whether only this machine can reach the address.
func (a listenAddress) isLoopback() bool {
	ip, err := netip.ParseAddr(a.host)
	return err == nil && ip.IsLoopback() || a.host == "localhost" || a.port == ""
}
