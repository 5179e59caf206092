package config

import (
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// HealthCheck is [upstreams.NAME.health], or what the URL form says.
type HealthCheck struct {
	Scheme string `toml:"scheme" default:"http" oneof:"http https tcp grpc"`
	// Host is the Host header; empty = the endpoint's address. Every endpoint is
	// checked at its own address.
	Host string `toml:"host"`
	// Path is the path and query to ask for.
	Path string `toml:"path" default:"/"`
	// Frequency is the time between two probes of one endpoint.
	Frequency time.Duration `toml:"check_frequency" default:"10s" min:"10ms"`
	// DownFrequency is that while the endpoint is down; 0 = a third of Frequency.
	DownFrequency     time.Duration `toml:"down_frequency" default:"0s"`
	ConnectionTimeout time.Duration `toml:"connection_timeout" default:"3s" min:"1ms"`
	ReadTimeout       time.Duration `toml:"read_timeout" default:"3s" min:"1ms"`
	// Success is how many passing probes in a row bring an endpoint up.
	Success int `toml:"success" default:"1" min:"1"`
	// Failure is how many failed probes in a row take it down.
	Failure int `toml:"failure" default:"2" min:"1"`
	// Status lists what passes, as "200-399" or "200,204,300-308".
	Status string `toml:"status" default:"200-399"`
	// Body is text that the answer must contain; empty = any.
	Body string `toml:"body"`
	// Service is the name in gRPC's health protocol; empty = the whole server.
	Service string `toml:"service"`
	// TLS is for gRPC.
	TLS bool `toml:"tls" default:"false"`
}

// healthParams are the parameters of a health check's URL. What else its query
// holds is asked of the endpoint.
var healthParams = []string{"check_frequency", "down_frequency", "connection_timeout", "read_timeout", "success", "failure", "status"}

// grpcParams are those of grpc:// alone.
var grpcParams = []string{"service", "tls"}

// pingapParams are parameters of Pingap's that are not built.
var pingapParams = []string{"reuse", "parallel"}

// healthURL reads the URL form of a health check, standing at p. It returns nil
// when there is nothing to go on with.
func (b *binder) healthURL(p path, text string) *HealthCheck {
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" || u.Opaque != "" {
		b.report(p, fmt.Sprintf("%q is not a URL such as \"http://host/path\"", text), "")
		return nil
	}
	keys := map[string]any{"scheme": u.Scheme, "host": u.Host}
	rest := b.healthQuery(p, u, keys)
	if ask := u.EscapedPath() + rest; ask != "" {
		keys["path"] = "/" + strings.TrimPrefix(ask, "/")
	}
	check := &HealthCheck{}
	b.table(p, keys, reflect.ValueOf(check).Elem())
	b.checkHealth(p, check)
	return check
}

// healthQuery moves the parameters that are ours from the URL's query to keys
// and returns what is left, with its "?".
func (b *binder) healthQuery(p path, u *url.URL, keys map[string]any) string {
	var rest []string
	for part := range strings.SplitSeq(u.RawQuery, "&") {
		name, raw, _ := strings.Cut(part, "=")
		value, err := url.QueryUnescape(raw)
		switch {
		case part == "":
		case err != nil:
			b.report(p.to(name), fmt.Sprintf("%q is not URL-encoded", raw), "")
		case slices.Contains(pingapParams, name):
			b.report(p.to(name), fmt.Sprintf("Pingap's `%s` is not built yet", name), "")
		case u.Scheme == "grpc" && name == "tls" && value == "":
			keys[name] = true
		case slices.Contains(healthParams, name) || u.Scheme == "grpc" && slices.Contains(grpcParams, name):
			keys[name] = fromEnv(value)
		default:
			rest = append(rest, part)
		}
	}
	if len(rest) == 0 {
		return ""
	}
	return "?" + strings.Join(rest, "&")
}

// checkHealth says what types cannot, of both forms.
func (b *binder) checkHealth(p path, check *HealthCheck) {
	if !isStatusList(check.Status) {
		b.report(p.to("status"), fmt.Sprintf("%q is not a list of statuses such as \"200-399\" or \"200,204\"", check.Status), "")
	}
	if !strings.HasPrefix(check.Path, "/") {
		b.report(p.to("path"), fmt.Sprintf("%q does not begin with \"/\"", check.Path), "")
	}
	// The path is encoded where it is sent; a query is sent as it stands.
	if _, query, _ := strings.Cut(check.Path, "?"); strings.ContainsFunc(query, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		b.report(p.to("path"), fmt.Sprintf("the query %q is not URL-encoded", query), "")
	}
}

// isStatusList reports whether text is a comma list of statuses and ranges.
func isStatusList(text string) bool {
	for item := range strings.SplitSeq(text, ",") {
		low, high, isRange := strings.Cut(strings.TrimSpace(item), "-")
		if !isRange {
			high = low
		}
		from, errFrom := strconv.Atoi(low)
		to, errTo := strconv.Atoi(high)
		if errFrom != nil || errTo != nil || from < 100 || to > 599 || from > to {
			return false
		}
	}
	return true
}
