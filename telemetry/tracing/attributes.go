package tracing

import (
	"cmp"
	"net"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"pingap-go/message"
)

// Request is what is known when a request has been read. Empty fields are left
// out of the span.
type Request struct {
	Method    string
	Scheme    string // "http" or "https"
	Authority string // host and port asked for
	Path      string
	Version   string // "1.0", "1.1" or "2"
	ClientIP  string // the client, by the rule of trusted_proxies
	PeerIP    string
	PeerPort  string
	Server    string // name from the configuration
	// Header is where the trace context is read from and written to. Not nil.
	Header *message.Header
}

// Try is what is known when an endpoint has been chosen.
type Try struct {
	Upstream string // name from the configuration
	Address  string // "ip:port", "name:port" or "unix:/path"
	TLS      bool
	Number   int // 1 for the first try
}

// Result is what is known when an answer is over.
type Result struct {
	Status int // sent to the client; 0 when none was
	// Location and Upstream are names from the configuration; Route is the
	// location's path, which becomes http.route and part of the span's name.
	Location, Upstream, Route string
	// ErrorType is the X-Pingap-EType of an answer that we made, or empty.
	ErrorType string
}

// Attributes of our own.
const (
	serverKey   = attribute.Key("pingap.server")
	locationKey = attribute.Key("pingap.location")
	upstreamKey = attribute.Key("pingap.upstream")
)

// methods are those that keep their name in http.request.method.
var methods = []string{"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"}

// spanMethod is the method as a span's name, "HTTP" for one that a client made
// up (semantic conventions for HTTP spans, section Name).
func spanMethod(method string) string {
	if i := slices.Index(methods, method); i >= 0 {
		return methods[i]
	}
	return "HTTP"
}

func methodAttributes(method string) []attribute.KeyValue {
	if i := slices.Index(methods, method); i >= 0 {
		return []attribute.KeyValue{semconv.HTTPRequestMethodKey.String(methods[i])}
	}
	return []attribute.KeyValue{semconv.HTTPRequestMethodOther, semconv.HTTPRequestMethodOriginal(wordsOf(method))}
}

// longestWords bounds, in bytes, what a span holds of one thing that a client says.
const longestWords = 4 << 10

// wordsOf makes what a client says fit to be sent: OTLP takes UTF-8 only, and with one
// value that is none all spans of the batch are lost. It is a copy, for a span may wait
// for long, and must not hold on to all of the request's head meanwhile.
func wordsOf(said string) string {
	said = said[:min(len(said), longestWords)]
	return strings.ToValidUTF8(strings.Clone(said), "\uFFFD")
}

func requestAttributes(r *Request) []attribute.KeyValue {
	list := append(methodAttributes(r.Method), semconv.URLScheme(r.Scheme), semconv.URLPath(wordsOf(r.Path)))
	list = appendAddress(list, wordsOf(r.Authority), semconv.ServerAddress, semconv.ServerPort)
	list = appendString(list, semconv.NetworkProtocolVersion, r.Version)
	list = appendString(list, semconv.ClientAddress, wordsOf(r.ClientIP))
	list = appendString(list, semconv.NetworkPeerAddress, r.PeerIP)
	list = appendPort(list, semconv.NetworkPeerPort, r.PeerPort)
	list = appendString(list, semconv.UserAgentOriginal, wordsOf(r.Header.Get("User-Agent")))
	return appendString(list, serverKey.String, r.Server)
}

func tryAttributes(s *Span, try *Try) []attribute.KeyValue {
	list := appendString(methodAttributes(s.method), upstreamKey.String, try.Upstream)
	if try.Number > 1 {
		list = append(list, semconv.HTTPRequestResendCount(try.Number-1))
	}
	if path, ok := strings.CutPrefix(try.Address, "unix:"); ok {
		return append(list, semconv.NetworkTransportUnix, semconv.ServerAddress(path))
	}
	scheme := "http"
	if try.TLS {
		scheme = "https"
	}
	list = append(list, semconv.URLFull(scheme+"://"+try.Address+wordsOf(s.path)))
	list = appendAddress(list, try.Address, semconv.ServerAddress, semconv.ServerPort)
	return appendAddress(list, try.Address, semconv.NetworkPeerAddress, semconv.NetworkPeerPort)
}

func resultAttributes(r *Result) []attribute.KeyValue {
	list := answerAttributes(r.Status, r.ErrorType, 500)
	list = appendString(list, semconv.HTTPRoute, r.Route)
	list = appendString(list, locationKey.String, r.Location)
	return appendString(list, upstreamKey.String, r.Upstream)
}

// answerAttributes are the status and, when there is none or it is failed or
// above, the error: the word for it, or the status as text.
func answerAttributes(status int, failure string, failed int) []attribute.KeyValue {
	if status == 0 {
		if failure == "" {
			return []attribute.KeyValue{semconv.ErrorTypeOther}
		}
		return []attribute.KeyValue{semconv.ErrorTypeKey.String(failure)}
	}
	list := []attribute.KeyValue{semconv.HTTPResponseStatusCode(status)}
	if status >= failed {
		list = append(list, semconv.ErrorTypeKey.String(cmp.Or(failure, strconv.Itoa(status))))
	}
	return list
}

func appendString(list []attribute.KeyValue, key func(string) attribute.KeyValue, value string) []attribute.KeyValue {
	if value == "" {
		return list
	}
	return append(list, key(value))
}

func appendPort(list []attribute.KeyValue, key func(int) attribute.KeyValue, port string) []attribute.KeyValue {
	if n, err := strconv.Atoi(port); err == nil {
		list = append(list, key(n))
	}
	return list
}

// appendAddress splits "host:port"; the port may be missing.
func appendAddress(list []attribute.KeyValue, address string,
	hostKey func(string) attribute.KeyValue, portKey func(int) attribute.KeyValue,
) []attribute.KeyValue {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		host, port = strings.Trim(address, "[]"), ""
	}
	return appendPort(appendString(list, hostKey, host), portKey, port)
}
