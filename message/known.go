package message

// Known is a small number for a header name that the proxy itself acts upon.
type Known uint8

// The names that the proxy acts upon: framing and hop-by-hop fields (RFC 9112,
// RFC 9110 section 7.6.1), and those it sets itself.
const (
	Other Known = iota
	Connection
	ContentLength
	TransferEncoding
	Host
	KeepAlive
	ProxyConnection
	ProxyAuthenticate
	ProxyAuthorization
	TE
	Trailer
	Upgrade
	HTTP2Settings
	Expect
	Date
	Cookie
	Authorization
	XForwardedFor
	XForwardedProto
	XForwardedHost
	XForwardedPort
	XRealIP
	Traceparent
	Tracestate
)

// names is indexed by Known and spells each name as we send it.
var names = [...]string{
	Connection:         "Connection",
	ContentLength:      "Content-Length",
	TransferEncoding:   "Transfer-Encoding",
	Host:               "Host",
	KeepAlive:          "Keep-Alive",
	ProxyConnection:    "Proxy-Connection",
	ProxyAuthenticate:  "Proxy-Authenticate",
	ProxyAuthorization: "Proxy-Authorization",
	TE:                 "TE",
	Trailer:            "Trailer",
	Upgrade:            "Upgrade",
	HTTP2Settings:      "HTTP2-Settings",
	Expect:             "Expect",
	Date:               "Date",
	Cookie:             "Cookie",
	Authorization:      "Authorization",
	XForwardedFor:      "X-Forwarded-For",
	XForwardedProto:    "X-Forwarded-Proto",
	XForwardedHost:     "X-Forwarded-Host",
	XForwardedPort:     "X-Forwarded-Port",
	XRealIP:            "X-Real-IP",
	Traceparent:        "traceparent",
	Tracestate:         "tracestate",
}

// String is the name as we spell it; "" for Other.
func (k Known) String() string { return names[k] }

// byLength lists the known names by their length, so that a look-up compares
// with one or two of them at most.
var byLength = func() (t [24][]Known) {
	for k := Connection; int(k) < len(names); k++ {
		t[len(names[k])] = append(t[len(names[k])], k)
	}
	return t
}()

// Lookup finds the Known of a name, without regard to case.
func Lookup(name string) Known {
	if len(name) >= len(byLength) {
		return Other
	}
	for _, k := range byLength[len(name)] {
		if EqualFold(name, names[k]) {
			return k
		}
	}
	return Other
}
