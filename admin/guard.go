package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// digest is the SHA-256 of a token: of equal length for all, so that a
// comparison tells nothing of the token's.
type digest [sha256.Size]byte

func newDigest(token string) *digest {
	d := digest(sha256.Sum256([]byte(token)))
	return &d
}

// admit lets a request through or answers it. With a token the request must
// bear it. Without one its Host must be loopback, so that no page can reach us by
// a name of its own that it lets point here (DNS rebinding). In both cases a
// browser must not have sent it on another site's behalf.
func (a *Admin) admit(w http.ResponseWriter, r *http.Request) bool {
	switch {
	case !a.authorized(r) && a.token.Load() != nil:
		w.Header().Set("WWW-Authenticate", `Bearer realm="pingap admin"`)
		sendError(w, http.StatusUnauthorized, "the admin token is missing or wrong")
	case !a.authorized(r):
		sendError(w, http.StatusForbidden,
			fmt.Sprintf("host %q is not loopback; set [admin] token to use another name", r.Host))
	case a.foreign(r):
		sendError(w, http.StatusForbidden, "a page of another site sent this request")
	default:
		return true
	}
	return false
}

// foreign reports whether a browser says that another origin is behind the
// request: by Sec-Fetch-Site for every method, since even a GET of a CPU profile
// is work, and by Origin where a browser is too old for that.
func (a *Admin) foreign(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "cross-site", "same-site":
		return true
	}
	return a.origins.Check(r) != nil
}

// authorized reports whether the request bears the token or, where none is set, asks a
// loopback Host, and came to one. A reload may take the token away while the address
// beyond loopback, which it leaves, still serves.
func (a *Admin) authorized(r *http.Request) bool {
	if token := a.token.Load(); token != nil {
		return bears(r, token)
	}
	local, known := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return loopbackHost(r.Host) && (!known || loopbackHost(local.String()))
}

// bears compares the request's bearer token (RFC 6750 section 2.1) in constant time.
func bears(r *http.Request, token *digest) bool {
	scheme, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return false
	}
	got := newDigest(strings.TrimSpace(value))
	return subtle.ConstantTimeCompare(got[:], token[:]) == 1
}

// CheckAddr reports why the admin API must not listen on addr: beyond loopback
// it needs a token.
func CheckAddr(addr, token string) error {
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return fmt.Errorf("admin address: %w", err)
	}
	if token == "" && !loopbackHost(addr) {
		return fmt.Errorf("admin address %q is not loopback: set [admin] token", addr)
	}
	return nil
}

// loopbackHost reports whether "host" or "host:port" names this machine only.
func loopbackHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
