// Package file is the discovery kind for lists that another program writes: TOML
// or JSON files, read anew whenever they change.
//
//	w, err := file.New(file.Options{Paths: []string{"/etc/pingap/api.toml"}})
//	err = w.Watch(ctx, sink)
//
// A TOML list:
//
//	[[endpoints]]
//	address = "10.0.0.1:8080"
//	weight  = 3
//
// and the same in JSON: [{"address": "10.0.0.1:8080", "weight": 3}]. README.md
// lists the keys, and says how to write such a file so that no half of it counts.
package file

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"pingap-go/discovery"
	"pingap-go/endpoint"
)

const (
	// settle is how long a file must stay as it is before it counts, since there
	// are writers that do not replace it in one step.
	settle = 50 * time.Millisecond
	// longestSettle bounds that for a file that is written to all the time.
	longestSettle = time.Second
)

// Options say which files to read.
type Options struct {
	// Paths are the files, ".json" for JSON and TOML otherwise; at least one.
	// Their lists are put together.
	Paths []string
	// Poll is how often to look where the system does not tell of changes, as on
	// some network file systems; 0 = 10 s.
	Poll time.Duration
}

type watcher struct {
	files []*source
	poll  time.Duration
}

// New checks options; it reads nothing yet, and a file that is not there is no
// error.
func New(o Options) (discovery.Watcher, error) {
	if len(o.Paths) == 0 {
		return nil, errors.New("file discovery needs at least one path")
	}
	if o.Poll <= 0 {
		o.Poll = 10 * time.Second
	}
	w := &watcher{poll: o.Poll}
	for _, path := range o.Paths {
		absolute, err := filepath.Abs(path)
		if err != nil {
			return nil, fmt.Errorf("file discovery of %s: %w", path, err)
		}
		w.files = append(w.files, &source{path: absolute})
	}
	return w, nil
}

// Watch publishes the lists, and again when they change, until ctx ends.
func (w *watcher) Watch(ctx context.Context, sink discovery.Sink) error {
	changes, closeNotifier := w.notifier()
	defer closeNotifier()
	ticker := time.NewTicker(w.poll)
	defer ticker.Stop()
	reporter := &discovery.Reporter{Sink: sink}
	w.publish(reporter)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-changes:
		case <-ticker.C:
		}
		if !w.settled(ctx, changes) {
			return nil
		}
		w.publish(reporter)
	}
}

// notifier tells of changes in the directories of the files, which is where a
// replaced file shows. Where that cannot be had, the ticker is all there is.
func (w *watcher) notifier() (changes <-chan fsnotify.Event, closeNotifier func()) {
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, func() {}
	}
	for _, f := range w.files {
		_ = notify.Add(filepath.Dir(f.path))
	}
	errs := make(chan struct{})
	go drain(notify.Errors, errs)
	return notify.Events, func() {
		_ = notify.Close()
		<-errs
	}
}

// drain takes errors off a notifier so that it goes on; what it missed is seen
// by the ticker. It ends when the notifier is closed.
func drain(errs <-chan error, ended chan<- struct{}) {
	defer close(ended)
	for range errs {
		continue
	}
}

// settled waits until nothing has changed for a while; it is false when ctx ends.
func (w *watcher) settled(ctx context.Context, changes <-chan fsnotify.Event) bool {
	latest := time.NewTimer(longestSettle)
	defer latest.Stop()
	quiet := time.NewTimer(settle)
	defer quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-latest.C:
			return true
		case <-quiet.C:
			return true
		case <-changes:
			quiet.Reset(settle)
		}
	}
}

// publish reads what changed. A file that cannot be used keeps its last good
// list. Until every file has been good once there is nothing to publish.
func (w *watcher) publish(reporter *discovery.Reporter) {
	var (
		endpoints []endpoint.Endpoint
		doubt     error
		complete  = true
	)
	for _, f := range w.files {
		doubt = discovery.Join(doubt, f.refresh())
		endpoints = append(endpoints, f.endpoints...)
		complete = complete && f.good
	}
	if !complete {
		reporter.Sink.Fail(doubt)
		return
	}
	reporter.Say(endpoint.NewSnapshot(w.source(), endpoints, endpoint.Empty), doubt)
}

func (w *watcher) source() endpoint.Source {
	paths := make([]string, len(w.files))
	for i, f := range w.files {
		paths[i] = f.path
	}
	return endpoint.Source{Kind: "file", Detail: strings.Join(paths, ", ")}
}
