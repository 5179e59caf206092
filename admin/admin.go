// Package admin is the HTTP API through which people, scripts and Nomad look at
// a running pingap, and reload it. It also serves the web page.
//
//	api := admin.New(admin.Options{Token: token, Log: log, Upstreams: pools.View})
//	server, err := api.Listen("127.0.0.1:6189")
//	defer server.Shutdown(ctx)
//
// What it shows comes from functions that are handed in; the package defines the
// JSON (views.go) and who may see it (guard.go), and knows nothing of pools,
// routes or configuration.
//
// Without a token it listens on loopback only, answers no other Host and no
// request that another site's page sent. With one, everything but /livez, /readyz
// and the empty web page asks for it.
package admin

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"strings"
	"sync/atomic"
)

// Options are what the API shows and does. A function that is nil stands for an
// empty answer, and a nil Status for not ready. They are called by request
// goroutines, several at once, must not block for long, and give away what they
// return.
type Options struct {
	// Token is the bearer token; empty means none, and loopback only.
	Token string
	// Log hears of reloads and of trouble with connections. Not nil.
	Log *slog.Logger

	// Status says what runs and whether it is ready.
	Status func() Status
	// Upstreams lists the pools by name, of which Upstream is one, Routes the routes
	// in the order of matching, Services the apps that this sidecar registers.
	Upstreams func() []Pool
	Upstream  func(name string) (Pool, bool)
	Routes    func() []Route
	Services  func() []Service
	// Config is the configuration as a tree, with secrets already masked.
	Config func() any
	// Reload loads the configuration again and returns the number of the
	// generation that serves then. A bad configuration is an *Invalid error. The
	// context has a deadline and does not end with the client.
	Reload func(context.Context) (generation uint64, err error)

	// Metrics answers /metrics, Page everything that is not part of the API.
	Metrics http.Handler
	Page    http.Handler
}

// Invalid is the error of a reload whose configuration is bad.
type Invalid struct {
	Problems []string // one "file:line:col: section.key: what is wrong" each
}

// Error gives all problems, one a line.
func (e *Invalid) Error() string { return strings.Join(e.Problems, "\n") }

// Admin is the API as an http.Handler.
type Admin struct {
	options Options
	token   atomic.Pointer[digest] // nil: none
	mux     *http.ServeMux
	origins *http.CrossOriginProtection
}

// New makes the API. Nothing listens yet.
func New(o Options) *Admin {
	a := &Admin{options: o, mux: http.NewServeMux(), origins: http.NewCrossOriginProtection()}
	a.SetToken(o.Token)

	a.mux.Handle("/livez", only(http.MethodGet, a.livez))
	a.mux.Handle("/readyz", only(http.MethodGet, a.readyz))
	a.guarded("/metrics", only(http.MethodGet, a.metrics))
	a.guarded("/api/v1/status", only(http.MethodGet, a.status))
	a.guarded("/api/v1/upstreams", only(http.MethodGet, a.upstreams))
	a.guarded("/api/v1/upstreams/{name}", only(http.MethodGet, a.upstream))
	a.guarded("/api/v1/routes", only(http.MethodGet, a.routes))
	a.guarded("/api/v1/services", only(http.MethodGet, a.services))
	a.guarded("/api/v1/config", only(http.MethodGet, a.config))
	a.guarded("/api/v1/reload", only(http.MethodPost, a.reload))
	a.guarded("/api/", http.HandlerFunc(notFound))

	a.guarded("/debug/pprof/", only(http.MethodGet, pprof.Index))
	a.guarded("/debug/pprof/cmdline", only(http.MethodGet, pprof.Cmdline))
	a.guarded("/debug/pprof/profile", only(http.MethodGet, pprof.Profile))
	a.guarded("/debug/pprof/symbol", only(http.MethodGet, pprof.Symbol))
	a.guarded("/debug/pprof/trace", only(http.MethodGet, pprof.Trace))
	a.mux.Handle("/", only(http.MethodGet, a.page))
	return a
}

// SetToken replaces the token, for a reload; the caller sees to it that a server
// beyond loopback keeps one (CheckAddr).
func (a *Admin) SetToken(token string) {
	if token == "" {
		a.token.Store(nil)
		return
	}
	a.token.Store(newDigest(token))
}

// ServeHTTP implements http.Handler.
func (a *Admin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; "+
		"img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	a.mux.ServeHTTP(w, r)
}

// maxBody bounds, in bytes, what a request may send: no request needs a body.
const maxBody = 64 << 10

// guarded registers a handler that needs the token, or loopback without one.
func (a *Admin) guarded(pattern string, h http.Handler) {
	a.mux.Handle(pattern, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.admit(w, r) {
			h.ServeHTTP(w, r)
		}
	}))
}

// only answers 405 to every method but one; HEAD goes with GET.
func only(method string, h http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != method && (r.Method != http.MethodHead || method != http.MethodGet) {
			w.Header().Set("Allow", method)
			sendError(w, http.StatusMethodNotAllowed, fmt.Sprintf("use %s", method))
			return
		}
		h(w, r)
	})
}
