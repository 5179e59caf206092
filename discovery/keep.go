package discovery

import (
	"context"
	"errors"
	"sync"

	"pingap-go/endpoint"
)

// errEmptyKept is why a pool stays as it was although its registry listed nobody.
var errEmptyKept = errors.New("the registry lists no instance; keeping the last ones, as on_empty = keep asks")

// KeepOnEmpty wraps w for pools that would rather trust their last members than
// an empty answer (on_empty = "keep"): once an answer named an endpoint, or seed
// did, an empty one is reported as a failure instead of published.
func KeepOnEmpty(w Watcher, seed endpoint.Snapshot) Watcher {
	return &keeper{watcher: w, populated: len(seed.Endpoints) > 0}
}

type keeper struct {
	watcher   Watcher
	populated bool
}

// Watch follows the wrapped watcher.
func (k *keeper) Watch(ctx context.Context, sink Sink) error {
	return k.watcher.Watch(ctx, &keepingSink{sink: sink, populated: k.populated})
}

type keepingSink struct {
	sink      Sink
	mu        sync.Mutex
	populated bool
}

// Update passes on what has endpoints, and anything before that.
func (k *keepingSink) Update(s endpoint.Snapshot) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(s.Endpoints) == 0 && k.populated {
		k.sink.Fail(errEmptyKept)
		return
	}
	k.populated = k.populated || len(s.Endpoints) > 0
	k.sink.Update(s)
}

// Fail passes err on.
func (k *keepingSink) Fail(err error) { k.sink.Fail(err) }
