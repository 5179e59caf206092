package playground

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// api answers what the page and curl ask. Answers are JSON with a line break, so
// that they read well in a terminal; errors are {"error":"..."}.
func (p *Playground) api() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/instances", func(w http.ResponseWriter, _ *http.Request) { send(w, http.StatusOK, p.List()) })
	mux.HandleFunc("POST /api/instances", p.serveAdd)
	mux.HandleFunc("DELETE /api/instances/{name}", p.change(func(r *http.Request) error {
		return p.Remove(r.PathValue("name"))
	}))
	mux.HandleFunc("POST /api/instances/{name}/kill", p.change(func(r *http.Request) error {
		return p.Kill(r.PathValue("name"))
	}))
	mux.HandleFunc("POST /api/instances/{name}/mode", p.change(func(r *http.Request) error {
		return p.SetMode(r.PathValue("name"), Mode(r.FormValue("set")))
	}))
	mux.HandleFunc("POST /api/scale", p.change(func(r *http.Request) error {
		n, err := number(r, "to", Most)
		if err != nil {
			return err
		}
		return p.Scale(n)
	}))
	mux.HandleFunc("GET /api/traffic", func(w http.ResponseWriter, _ *http.Request) { send(w, http.StatusOK, p.traffic.report()) })
	mux.HandleFunc("POST /api/traffic", p.serveTraffic)
	mux.HandleFunc("GET /api/pool", p.servePool)
	mux.HandleFunc("GET /api/config", p.serveConfig)
	mux.HandleFunc("GET /api/about", p.serveAbout)
	mux.Handle("GET /", http.FileServerFS(page()))
	return mux
}

// change makes a handler of what changes instances; it answers with the list.
func (p *Playground) change(do func(*http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := do(r); err != nil {
			sendError(w, err)
			return
		}
		send(w, http.StatusOK, p.List())
	}
}

func (p *Playground) serveAdd(w http.ResponseWriter, _ *http.Request) {
	added, err := p.Add()
	if err != nil {
		sendError(w, err)
		return
	}
	send(w, http.StatusCreated, added)
}

func (p *Playground) serveTraffic(w http.ResponseWriter, r *http.Request) {
	rate, err := number(r, "rate", fastest)
	if err != nil {
		sendError(w, err)
		return
	}
	p.traffic.set(rate)
	send(w, http.StatusOK, p.traffic.report())
}

func (p *Playground) serveConfig(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprint(w, p.Config(p.options.Proxy, p.options.Admin))
}

func (p *Playground) serveAbout(w http.ResponseWriter, _ *http.Request) {
	send(w, http.StatusOK, map[string]any{
		"proxy": p.options.Proxy, "admin": p.options.Admin, "registry": p.RegistryAddr(), "service": Service,
		"modes": Modes(), "most": Most, "fastest": fastest,
	})
}

// servePool passes on what the proxy's admin API says of the pool, since a
// browser does not let the page ask another port.
func (p *Playground) servePool(w http.ResponseWriter, r *http.Request) {
	req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, "http://"+p.options.Admin+"/api/v1/upstreams/app", nil)
	if err != nil {
		sendError(w, err)
		return
	}
	res, err := p.traffic.client.Do(req)
	if err != nil {
		send(w, http.StatusBadGateway, map[string]string{"error": "the proxy does not answer"})
		return
	}
	defer res.Body.Close()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(res.StatusCode)
	_, _ = io.Copy(w, res.Body) // a browser that has left needs nothing
}

// number reads a parameter from 0 to most.
func number(r *http.Request, name string, most int) (int, error) {
	n, err := strconv.Atoi(r.FormValue(name))
	if err != nil || n < 0 || n > most {
		return 0, fmt.Errorf("%s=%q is not a number from 0 to %d", name, r.FormValue(name), most)
	}
	return n, nil
}

func sendError(w http.ResponseWriter, err error) {
	status := http.StatusBadRequest
	switch {
	case errors.Is(err, ErrUnknown):
		status = http.StatusNotFound
	case errors.Is(err, ErrFull):
		status = http.StatusConflict
	}
	send(w, status, map[string]string{"error": err.Error()})
}

func send(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(value) // the client may have gone
}
