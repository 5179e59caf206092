// Package accesslog writes one line per request.
//
// A format is compiled once from what servers.access_log says: a preset
// (combined, common, short, tiny, json) or a text with Pingap's tags. A line is
// appended to a byte slice without an allocation and handed to one Writer, whose
// goroutine batches lines to the output and never makes a request wait.
//
//	format, err := accesslog.Compile("{client_ip} {method} {uri} {status} {latency}ms")
//	writer := accesslog.NewWriter(os.Stdout, log)
//	defer writer.Close(ctx)
//	writer.Log(format, &entry) // at the end of each request
//
// Every value that came from outside is escaped: a client can forge neither a
// line nor a field. What an Entry says is left to who serves requests, and so is
// the choice of what to log.
package accesslog

import (
	"time"

	"pingap-go/message"
)

// Entry is what is known of a request when its answer is over. Whoever logs
// keeps one per connection and fills it anew for each request. An empty string
// is logged as "-", and so is a zero Status.
type Entry struct {
	// Start is when the first byte of the request was read; Duration is the time
	// from there to the last byte of the answer. Lines bear Start+Duration.
	Start    time.Time
	Duration time.Duration

	Method string
	// Target is the request target as the client sent it ("/a?b=1").
	Target string
	// Path is normalised, Query is what followed "?".
	Path, Query string
	Host        string // without port
	Scheme      string // "http" or "https"
	Proto       string // "HTTP/1.1", "HTTP/1.0", "HTTP/2.0"
	Status      int    // sent to the client; 0 when none was

	// BytesIn and BytesOut are the sizes of the bodies that passed.
	BytesIn, BytesOut int64

	RemoteIP, RemotePort string // the peer
	ClientIP             string // the client, by the rule of trusted_proxies
	RequestID            string

	Server, Location, Upstream string // names from the configuration
	// UpstreamAddr, UpstreamStatus and UpstreamTime (to the response head) are
	// those of the last try; Tries counts all of them.
	UpstreamAddr   string
	UpstreamStatus int
	UpstreamTime   time.Duration
	Tries          int
	// ErrorType is the X-Pingap-EType of an answer that we made.
	ErrorType string
	// ErrorReason is what went wrong at the upstream, more exactly: the reason of
	// pingap_upstream_failures_total. An answer that broke off has one, too.
	ErrorReason string

	// Request and Response are the headers for tags that name one; may be nil.
	Request, Response *message.Header
}

// done is when the answer was over.
func (e *Entry) done() time.Time { return e.Start.Add(e.Duration) }

// header is the first value of name in h, or "".
func header(h *message.Header, name string) string {
	if h == nil {
		return ""
	}
	return h.Get(name)
}
