package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// serveInstance is the program of an instance. "/health" is always well: a sick
// instance that passes its probes is the harder case. "/behave/WORD" changes how
// it answers the rest: "well", "half" (500 to every second request) or "503".
func serveInstance(addr string) error {
	var behaviour atomic.Pointer[string]
	var served atomic.Int64
	well := "well"
	behaviour.Store(&well)
	mux := http.NewServeMux()
	mux.HandleFunc("/health", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/behave/{word}", func(_ http.ResponseWriter, r *http.Request) {
		word := r.PathValue("word")
		behaviour.Store(&word)
		served.Store(0)
	})
	mux.HandleFunc("/served", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, served.Load()) })
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		n := served.Add(1)
		switch word := *behaviour.Load(); {
		case word == "503":
			w.WriteHeader(503)
		case word == "half" && n%2 == 0:
			w.WriteHeader(500)
		}
	})
	return (&http.Server{Addr: addr, Handler: mux, ReadHeaderTimeout: time.Minute}).ListenAndServe()
}

// instance is a running one.
type instance struct {
	*process
	addr string
}

func startInstance(ctx context.Context, dir, name string) (*instance, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p, err := start(ctx, dir, name, addr, exec.Command(self, "instance", addr))
	if err != nil {
		return nil, err
	}
	return &instance{p, addr}, nil
}

func (i *instance) kill() error   { return i.cmd.Process.Signal(syscall.SIGKILL) }
func (i *instance) freeze() error { return i.cmd.Process.Signal(syscall.SIGSTOP) }

// behave has the instance answer that way from now on.
func (i *instance) behave(ctx context.Context, word string) error {
	_, err := get(ctx, "http://"+i.addr+"/behave/"+word)
	return err
}

// served is how many requests it has had since it was told how to behave.
func (i *instance) served(ctx context.Context) (int, error) {
	text, err := get(ctx, "http://"+i.addr+"/served")
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(text))
}

// get fetches a text within some seconds: the machine is busy.
func get(ctx context.Context, url string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}
