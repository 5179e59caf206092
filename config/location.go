package config

import (
	"strings"
	"time"
)

// Location is one [locations.NAME] section: which requests, and what to do with them.
type Location struct {
	Name string `toml:"-"`
	// Upstream is the name of the upstream; empty when the plugins answer.
	Upstream string `toml:"upstream"`
	// Host are exact names, "*.example.com" or "~regexp"; empty = any. After Load
	// names are in lower case, and a regexp begins with "~" and no space.
	Host List `toml:"host"`
	// Path is matched by PathType; empty = any.
	Path string `toml:"path"`
	// PathType is "prefix", "exact" or "regex". After Load it is never empty, and
	// Path holds no "= " or "~ " in front.
	PathType string `toml:"path_type" default:"prefix" oneof:"prefix exact regex"`
	// Methods are in upper case after Load; empty = any.
	Methods []string `toml:"methods"`
	// MatchHeaders, MatchQuery and MatchCookies are "name" or "name:value"; all must match.
	MatchHeaders []string `toml:"match_headers" secret:"header"`
	MatchQuery   []string `toml:"match_query" secret:"header"`
	MatchCookies []string `toml:"match_cookies" secret:"header"`
	// Priority orders locations, highest first; nil = PriorityFor of each host.
	Priority *int `toml:"priority"`
	// Rewrite is one word (in place of the matched prefix) or two (regexp, replacement).
	Rewrite string `toml:"rewrite"`

	// Header rules are "Name: value", for the upstream and for the client.
	HeadersAdd            []string `toml:"headers_add" secret:"header"`
	HeadersSet            []string `toml:"headers_set" secret:"header"`
	HeadersRemove         []string `toml:"headers_remove"`
	ResponseHeadersAdd    []string `toml:"response_headers_add" secret:"header"`
	ResponseHeadersSet    []string `toml:"response_headers_set" secret:"header"`
	ResponseHeadersRemove []string `toml:"response_headers_remove"`

	// Plugins are names from [plugins.NAME], in the order in which they run.
	Plugins []string `toml:"plugins"`
	// ForwardedHeaders sets X-Forwarded-* and X-Real-IP.
	ForwardedHeaders bool `toml:"forwarded_headers" default:"true"`
	// ClientMaxBodySize bounds a request's body; 0 = no bound.
	ClientMaxBodySize Size `toml:"client_max_body_size" default:"0"`
	// MaxProcessing bounds the requests in flight; 0 = no bound.
	MaxProcessing int `toml:"max_processing" default:"0"`
	// Timeout bounds the whole exchange; 0 = no bound.
	Timeout time.Duration `toml:"timeout" default:"0s"`
	// ConnectTimeout bounds one connect to an endpoint; 0 = no bound.
	ConnectTimeout time.Duration `toml:"connect_timeout" default:"3s"`
	// ResponseTimeout bounds the wait for the response head; 0 = no bound.
	ResponseTimeout time.Duration `toml:"response_timeout" default:"60s"`
	// Retries are the tries beyond the first; nil = the upstream's retry.attempts.
	Retries *int `toml:"retries" max:"7"`
	// Websocket lets connections be upgraded.
	Websocket bool `toml:"websocket" default:"true"`
}

// PriorityFor is the priority of the route for one of the location's hosts ("" =
// any host): what was configured, or else the sum of path and host. A path counts
// 1024 when it is exact, 512 as a prefix and 256 as a regexp, each plus its
// length up to 64; none and the prefix "/" count 0. A host counts 128 when it is
// exact, 96 with a wildcard, and the length of a regexp up to 64.
func (l *Location) PriorityFor(host string) int {
	if l.Priority != nil {
		return *l.Priority
	}
	return l.pathPriority() + hostPriority(host)
}

// DefaultPriority is the highest PriorityFor of the location's hosts, leaving
// out what was configured.
func (l *Location) DefaultPriority() int {
	best := 0
	for _, host := range l.Host {
		best = max(best, hostPriority(host))
	}
	return l.pathPriority() + best
}

func (l *Location) pathPriority() int {
	length := min(len(l.Path), 64)
	switch {
	case l.Path == "":
		return 0
	case l.PathType == "exact":
		return 1024 + length
	case l.PathType == "regex":
		return 256 + length
	case l.Path == "/":
		return 0
	default:
		return 512 + length
	}
}

func hostPriority(host string) int {
	switch {
	case host == "":
		return 0
	case strings.HasPrefix(host, "~"):
		return min(len(host)-1, 64)
	case strings.HasPrefix(host, "*."):
		return 96
	default:
		return 128
	}
}
