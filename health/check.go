package health

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Check says how the endpoints of one pool are probed. The zero value is a TCP
// connect every ten seconds.
type Check struct {
	// Scheme is "http", "https", "tcp" or "grpc"; empty means "tcp".
	Scheme string
	// Host is the Host header (:authority for gRPC); empty means the endpoint's
	// own address, or "localhost" for a unix socket. It never changes where the
	// probe connects to.
	Host string
	// Path is the target of an http(s) probe, query included; empty means "/".
	Path string
	// Status is what an http(s) probe must answer; empty means 200-399.
	Status StatusRanges
	// Body is a text the first 64 KiB of an http(s) answer must contain; empty
	// means that the body is not read.
	Body string
	// Service is the gRPC service asked for; empty means the server as a whole.
	Service string
	// TLS puts TLS under a gRPC probe. "https" always has it, "http" and "tcp" never.
	TLS bool
	// TLSConfig verifies the endpoint; nil means the system's roots. A ServerName
	// in it wins over Host, and Host over the endpoint's own name.
	TLSConfig *tls.Config

	// Frequency is the time between two probes of a host that is up; 0 means 10 s.
	Frequency time.Duration
	// DownFrequency is the time between two probes of a host that is down or
	// whose last probe contradicts its verdict; 0 means a third of Frequency,
	// but at least 500 ms. It is never longer than Frequency.
	DownFrequency time.Duration
	// ConnectTimeout bounds the TCP connect and the TLS handshake together; 0 means 3 s.
	ConnectTimeout time.Duration
	// ReadTimeout bounds the time from the connection to the complete answer; 0 means 3 s.
	ReadTimeout time.Duration
	// Success is how many probes in a row must pass to bring a host up again; 0 means 1.
	Success int
	// Failure is how many probes in a row must fail to take a host down; 0 means 2.
	Failure int
	// Concurrency bounds the probes of the pool that are under way at once; 0 means 256.
	Concurrency int
}

// withDefaults replaces the zero values by what they stand for.
func (c Check) withDefaults() Check {
	c.Scheme = cmp.Or(c.Scheme, "tcp")
	c.Path = cmp.Or(c.Path, "/")
	if len(c.Status) == 0 {
		c.Status = StatusRanges{{200, 399}}
	}
	c.Frequency = cmp.Or(max(c.Frequency, 0), 10*time.Second)
	c.DownFrequency = cmp.Or(max(c.DownFrequency, 0), max(c.Frequency/3, 500*time.Millisecond))
	c.DownFrequency = min(c.DownFrequency, c.Frequency)
	c.ConnectTimeout = cmp.Or(max(c.ConnectTimeout, 0), 3*time.Second)
	c.ReadTimeout = cmp.Or(max(c.ReadTimeout, 0), 3*time.Second)
	c.Success = cmp.Or(max(c.Success, 0), 1)
	c.Failure = cmp.Or(max(c.Failure, 0), 2)
	c.Concurrency = cmp.Or(max(c.Concurrency, 0), 256)
	return c
}

// StatusRange is a range of HTTP statuses, both ends included.
type StatusRange struct{ From, To int }

// StatusRanges is a set of HTTP statuses.
type StatusRanges []StatusRange

// ParseStatus reads "200-399" or "200,204,300-308". The empty text gives an
// empty set, which Check takes for 200-399.
func ParseStatus(text string) (StatusRanges, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	var set StatusRanges
	for item := range strings.SplitSeq(text, ",") {
		r, err := parseRange(strings.TrimSpace(item))
		if err != nil {
			return nil, err
		}
		set = append(set, r)
	}
	return set, nil
}

func parseRange(item string) (StatusRange, error) {
	low, high, isRange := strings.Cut(item, "-")
	if !isRange {
		high = low
	}
	from, err1 := strconv.Atoi(strings.TrimSpace(low))
	to, err2 := strconv.Atoi(strings.TrimSpace(high))
	switch {
	case err1 != nil || err2 != nil:
		return StatusRange{}, fmt.Errorf("%q is neither a status like 204 nor a range like 200-399", item)
	case from < 100 || to > 599:
		return StatusRange{}, fmt.Errorf("%q is outside the HTTP statuses 100-599", item)
	case from > to:
		return StatusRange{}, fmt.Errorf("%q ends before it begins", item)
	}
	return StatusRange{from, to}, nil
}

// Contains reports whether the set holds the status.
func (s StatusRanges) Contains(status int) bool {
	for _, r := range s {
		if r.From <= status && status <= r.To {
			return true
		}
	}
	return false
}

// String is the form ParseStatus reads.
func (s StatusRanges) String() string {
	var b strings.Builder
	for i, r := range s {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(r.From))
		if r.To != r.From {
			b.WriteByte('-')
			b.WriteString(strconv.Itoa(r.To))
		}
	}
	return b.String()
}
