package autoroute

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"pingap-go/route"
)

// Options are what a tag says besides host, path and weight. Two instances with
// equal Options are treated alike; the zero Options is plain forwarding.
type Options struct {
	// Strip is taken off the front of the path, then Prepend put there.
	Strip, Prepend string
	// TLS says that the instance speaks it; SkipVerify takes any certificate, and
	// ServerName is the name that it must have instead of the address's.
	TLS, SkipVerify bool
	ServerName      string
	// HTTP2 says that the instance speaks HTTP/2, as gRPC does.
	HTTP2 bool
	// Host is what the instance gets as Host: "" = the client's, "dst" = its own
	// address, or a name, which with TLS is also asked for by SNI.
	Host string
	// Redirect is a status 300-399 that is answered with Location; 0 = forward.
	Redirect int
	Location string
	// Allow and Deny list networks ("10.0.0.0/8,::1/128"); one of them is "".
	Allow, Deny string
	// Auth is the name of a basic_auth plugin.
	Auth string
	// Register is a service name under which the proxy registers itself.
	Register string
}

// SelfHost is the value of Options.Host for an instance's own address.
const SelfHost = "dst"

// parseOptions reads "key=value" words.
func (t *Tag) parseOptions(words []string) error {
	given := map[string]bool{}
	for _, word := range words {
		name, value, ok := strings.Cut(word, "=")
		if !ok {
			return fmt.Errorf("%q is not an option of the form key=value", word)
		}
		if given[name] {
			return fmt.Errorf("the option %s is given twice", name)
		}
		given[name] = true
		if err := t.option(name, value); err != nil {
			return fmt.Errorf("option %q: %w", word, err)
		}
	}
	return t.Options.check()
}

// option takes one option. Whatever cannot be done is an error: who set it
// counts on it.
func (t *Tag) option(name, value string) (err error) {
	o := t.Options
	switch name {
	case "strip":
		o.Strip, err = pathOption(value)
	case "prepend":
		o.Prepend, err = pathOption(value)
	case "proto":
		o.TLS, o.HTTP2, err = protoOption(value)
	case "weight":
		t.Weight, err = weightOption(value)
	case "redirect":
		o.Redirect, o.Location, err = redirectOption(value)
	case "host":
		o.Host, err = hostOption(value)
	case "allow":
		o.Allow, err = networksOption(value)
	case "deny":
		o.Deny, err = networksOption(value)
	case "auth":
		o.Auth, err = nameOption(value)
	case "register":
		o.Register, err = nameOption(value)
	case "tlsskipverify":
		o.SkipVerify, err = strconv.ParseBool(value)
	case "pxyproto":
		var on bool
		if on, err = strconv.ParseBool(value); err == nil && on {
			err = errors.New("the PROXY protocol goes with TCP routes, which a tag cannot ask for")
		}
	case "grpcservername":
		o.ServerName, err = nameOption(value)
	default:
		err = errors.New("is not known")
	}
	return err
}

// check says what single options cannot.
func (o *Options) check() error {
	switch {
	case o.Allow != "" && o.Deny != "":
		return errors.New("allow and deny exclude each other")
	case o.ServerName != "" && !(o.TLS && o.HTTP2):
		return errors.New("grpcservername goes with proto=grpcs")
	case o.Redirect != 0 && (o.TLS || o.HTTP2 || o.Host != ""):
		return errors.New("a redirect has no upstream: proto and host contradict it")
	}
	return nil
}

func pathOption(value string) (string, error) {
	if !strings.HasPrefix(value, "/") {
		return "", errors.New(`is not a path that begins with "/"`)
	}
	return route.Normalize(value), nil
}

func protoOption(value string) (tls, http2 bool, err error) {
	switch value {
	case "http", "https":
		return value == "https", false, nil
	case "grpc", "grpcs":
		return value == "grpcs", true, nil
	case "tcp":
		return false, false, errOpensPort
	case "tcp+sni":
		return false, false, errors.New("routes by the name that a TLS client asks for are not supported")
	}
	return false, false, errors.New("is none of http, https, tcp, grpc, grpcs")
}

// errOpensPort is why a tag gets no port. Whoever may register a service could open
// any of this machine's otherwise, or take one that another service is to get.
var errOpensPort = errors.New(`only the configuration opens ports: write a server with protocol = "tcp" and an upstream for the service`)

func weightOption(value string) (float64, error) {
	w, err := strconv.ParseFloat(value, 64)
	if err != nil || w < 0 || math.IsInf(w, 0) || math.IsNaN(w) {
		return 0, errors.New("is not a share such as 0.25")
	}
	return w, nil
}

// redirectOption reads "301,https://example.com$path". The places $host and
// $path may stand anywhere in it.
func redirectOption(value string) (status int, location string, err error) {
	code, location, _ := strings.Cut(value, ",")
	status, err = strconv.Atoi(code)
	if err != nil || status < 300 || status > 399 {
		return 0, "", errors.New("does not begin with a status from 300 to 399 and a comma")
	}
	u, err := url.Parse(strings.NewReplacer("$host", "host", "$path", "/path").Replace(location))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return 0, "", errors.New("names no http or https URL")
	}
	return status, location, nil
}

func hostOption(value string) (string, error) {
	if value == SelfHost {
		return value, nil
	}
	h, err := route.ParseHost(value)
	if err == nil && h.Type != route.ExactHost {
		err = errors.New("is neither dst nor a name")
	}
	return value, err
}

func nameOption(value string) (string, error) {
	if value == "" {
		return "", errors.New("names nothing")
	}
	return value, nil
}

// networksOption reads "ip:10.0.0.0/8,ip:::1"; the "ip:" is needed once.
func networksOption(value string) (string, error) {
	rest, ok := strings.CutPrefix(value, "ip:")
	if !ok {
		return "", errors.New(`does not begin with "ip:"`)
	}
	var list []string
	for item := range strings.SplitSeq(rest, ",") {
		network, err := parseNetwork(strings.TrimPrefix(item, "ip:"))
		if err != nil {
			return "", err
		}
		list = append(list, network.String())
	}
	return strings.Join(list, ","), nil
}

func parseNetwork(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	network, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is neither an address nor a network", text)
	}
	return network.Masked(), nil
}

// Networks are the networks of Allow or Deny.
func Networks(list string) []netip.Prefix {
	var networks []netip.Prefix
	for item := range strings.SplitSeq(list, ",") {
		if network, err := netip.ParsePrefix(item); err == nil {
			networks = append(networks, network)
		}
	}
	return networks
}
