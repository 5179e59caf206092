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

// Lookup finds the Known of a name, without regard to case. Length and first
// letter leave one name to compare with, or two.
func Lookup(name string) Known {
	if name == "" {
		return Other
	}
	switch len(name)<<8 | int(name[0]|0x20) {
	case 2<<8 | 't':
		return is(name, TE)
	case 4<<8 | 'd':
		return is(name, Date)
	case 4<<8 | 'h':
		return is(name, Host)
	case 6<<8 | 'c':
		return is(name, Cookie)
	case 6<<8 | 'e':
		return is(name, Expect)
	case 7<<8 | 't':
		return is(name, Trailer)
	case 7<<8 | 'u':
		return is(name, Upgrade)
	case 9<<8 | 'x':
		return is(name, XRealIP)
	case 10<<8 | 'c':
		return is(name, Connection)
	case 10<<8 | 'k':
		return is(name, KeepAlive)
	case 10<<8 | 't':
		return is(name, Tracestate)
	case 11<<8 | 't':
		return is(name, Traceparent)
	}
	return lookupLong(name)
}

// lookupLong is Lookup for names of more than 12 letters.
func lookupLong(name string) Known {
	switch len(name)<<8 | int(name[0]|0x20) {
	case 13<<8 | 'a':
		return is(name, Authorization)
	case 14<<8 | 'c':
		return is(name, ContentLength)
	case 14<<8 | 'h':
		return is(name, HTTP2Settings)
	case 15<<8 | 'x':
		return is(name, XForwardedFor)
	case 16<<8 | 'p':
		return is(name, ProxyConnection)
	case 16<<8 | 'x':
		if is(name, XForwardedHost) != Other {
			return XForwardedHost
		}
		return is(name, XForwardedPort)
	case 17<<8 | 't':
		return is(name, TransferEncoding)
	case 17<<8 | 'x':
		return is(name, XForwardedProto)
	case 18<<8 | 'p':
		return is(name, ProxyAuthenticate)
	case 19<<8 | 'p':
		return is(name, ProxyAuthorization)
	}
	return Other
}

// is answers k when name spells it.
func is(name string, k Known) Known {
	if EqualFold(name, names[k]) {
		return k
	}
	return Other
}
