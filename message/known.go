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

// Lookup finds the Known of a name, without regard to case. The length leaves
// one name, or a few that their first letter tells apart.
func Lookup(name string) Known {
	switch len(name) {
	case 2:
		return is(name, TE)
	case 4:
		return either(name, Host, Date)
	case 6:
		return either(name, Cookie, Expect)
	case 7:
		return either(name, Upgrade, Trailer)
	case 9:
		return is(name, XRealIP)
	case 10:
		if k := either(name, Connection, KeepAlive); k != Other {
			return k
		}
		return is(name, Tracestate)
	case 11:
		return is(name, Traceparent)
	case 13:
		return is(name, Authorization)
	case 14:
		return either(name, ContentLength, HTTP2Settings)
	case 15:
		return is(name, XForwardedFor)
	case 16:
		if k := either(name, XForwardedHost, XForwardedPort); k != Other {
			return k
		}
		return is(name, ProxyConnection)
	case 17:
		return either(name, TransferEncoding, XForwardedProto)
	case 18:
		return is(name, ProxyAuthenticate)
	case 19:
		return is(name, ProxyAuthorization)
	}
	return Other
}

// is answers k when name spells it, which must have the length of name.
func is(name string, k Known) Known {
	if name[0]|0x20 == names[k][0]|0x20 && EqualFold(name, names[k]) {
		return k
	}
	return Other
}

// either is for two names of one length.
func either(name string, a, b Known) Known {
	if k := is(name, a); k != Other {
		return k
	}
	return is(name, b)
}
