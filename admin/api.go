package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"pingap-go/internal/longjson"
)

// reloadTimeout bounds one reload.
const reloadTimeout = time.Minute

// livez answers 200 for as long as the program can answer at all.
func (a *Admin) livez(w http.ResponseWriter, _ *http.Request) {
	sendText(w, http.StatusOK, "ok\n")
}

// readyz answers 200, or 503 while something is missing; ?verbose names it to
// those who may see names.
func (a *Admin) readyz(w http.ResponseWriter, r *http.Request) {
	status := a.current()
	if status.Ready {
		sendText(w, http.StatusOK, "ok\n")
		return
	}
	text := "not ready\n"
	if r.URL.Query().Has("verbose") && a.authorized(r) {
		for _, m := range status.NotReady {
			text += m + "\n"
		}
	}
	sendText(w, http.StatusServiceUnavailable, text)
}

func (a *Admin) current() Status {
	if a.options.Status == nil {
		return Status{NotReady: []string{}}
	}
	status := a.options.Status()
	status.Ready = len(status.NotReady) == 0
	if status.Ready {
		status.NotReady = []string{}
	}
	return status
}

func (a *Admin) status(w http.ResponseWriter, _ *http.Request) {
	send(w, http.StatusOK, a.current())
}

func (a *Admin) metrics(w http.ResponseWriter, r *http.Request) {
	if a.options.Metrics == nil {
		notFound(w, r)
		return
	}
	a.options.Metrics.ServeHTTP(w, r)
}

func (a *Admin) upstreams(w http.ResponseWriter, _ *http.Request) {
	list := call(a.options.Upstreams)
	sendLong(w, func(out *longjson.Writer) {
		out.Text("[")
		for i := range list {
			if i > 0 {
				out.Text(",")
			}
			list[i].write(out)
		}
		out.Text("]")
	})
}

func (a *Admin) upstream(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if a.options.Upstream != nil {
		if u, ok := a.options.Upstream(name); ok {
			sendLong(w, u.write)
			return
		}
	}
	sendError(w, http.StatusNotFound, fmt.Sprintf("there is no upstream %q", name))
}

func (a *Admin) routes(w http.ResponseWriter, _ *http.Request) {
	sendList(w, call(a.options.Routes))
}

func (a *Admin) services(w http.ResponseWriter, _ *http.Request) {
	sendList(w, call(a.options.Services))
}

func (a *Admin) config(w http.ResponseWriter, _ *http.Request) {
	var tree any = struct{}{}
	if a.options.Config != nil {
		tree = a.options.Config()
	}
	send(w, http.StatusOK, tree)
}

// reload answers {"generation":N}; 422 with the problems of a bad configuration,
// 500 when a good one could not be brought to serve. In both cases the old
// generation serves on.
func (a *Admin) reload(w http.ResponseWriter, r *http.Request) {
	if a.options.Reload == nil {
		notFound(w, r)
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), reloadTimeout)
	defer cancel()
	a.options.Log.Info("reload asked for", "by", "admin API", "remote", r.RemoteAddr)
	generation, err := a.options.Reload(ctx)
	var invalid *Invalid
	switch {
	case errors.As(err, &invalid):
		send(w, http.StatusUnprocessableEntity, problem{Error: invalid.Error(), Problems: invalid.Problems})
	case err != nil:
		sendError(w, http.StatusInternalServerError, err.Error())
	default:
		send(w, http.StatusOK, struct {
			Generation uint64 `json:"generation"`
		}{generation})
	}
}

func (a *Admin) page(w http.ResponseWriter, r *http.Request) {
	if a.options.Page == nil {
		notFound(w, r)
		return
	}
	a.options.Page.ServeHTTP(w, r)
}

func notFound(w http.ResponseWriter, r *http.Request) {
	sendError(w, http.StatusNotFound, fmt.Sprintf("there is no %s", r.URL.Path))
}

// call is what a source gives, nothing for a nil one.
func call[T any](source func() []T) []T {
	if source == nil {
		return nil
	}
	return source()
}

// problem is every answer that is an error.
type problem struct {
	Error    string   `json:"error"`
	Problems []string `json:"problems,omitempty"`
}

func sendError(w http.ResponseWriter, status int, text string) {
	send(w, status, problem{Error: text})
}

// sendList sends an array, "[]" for a nil one.
func sendList[T any](w http.ResponseWriter, list []T) {
	sendLong(w, func(out *longjson.Writer) {
		out.List(len(list), func(i int) any { return &list[i] })
	})
}

// sendLong answers with JSON that can be long: it is on its way while the rest is
// made. None of our values is one that JSON cannot have; were it otherwise, the
// answer would end in the middle, and so would the connection.
func sendLong(w http.ResponseWriter, write func(*longjson.Writer)) {
	w.Header().Set("Content-Type", "application/json")
	out := longjson.NewWriter(w)
	write(out)
	out.Text("\n")
	if out.Flush() != nil {
		panic(http.ErrAbortHandler)
	}
}

// send answers with JSON. It is built first, so that a value that cannot be
// written is a 500 and not half an answer.
func send(w http.ResponseWriter, status int, value any) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false) // nosniff and the content type see to that
	if err := encoder.Encode(value); err != nil {
		status = http.StatusInternalServerError
		out.Reset()
		fmt.Fprintf(&out, `{"error":%q}`+"\n", "write the answer: "+err.Error())
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(out.Bytes())
}

func sendText(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	w.Write([]byte(text))
}
