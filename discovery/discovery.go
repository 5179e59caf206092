// Package discovery is the vocabulary between registries and pools: a Watcher
// turns one registry into complete snapshots, a Sink takes them.
//
// A watcher knows nothing of health, balancing or configuration files. It
// publishes the whole membership each time (never a part: a watcher that has
// only a part reports a failure and keeps quiet), keyed by the registry's own
// identity. An empty answer is news and is published; an error is not, and goes
// to Sink.Fail.
//
// The kinds live one directory each below this one and never import each other.
package discovery

import (
	"context"

	"pingap-go/endpoint"
)

// Watcher follows one service in one registry.
type Watcher interface {
	// Watch publishes to sink until ctx ends, and then returns nil. It retries
	// by itself, with jittered backoff that listens to ctx; the errors it meets
	// on the way go to sink.Fail. It is called once, on a goroutine of its own.
	Watch(ctx context.Context, sink Sink) error
}

// Sink takes what a watcher learns. Its methods return at once and may be
// called from any goroutine; only the newest snapshot is kept.
type Sink interface {
	// Update says "this is the whole truth".
	Update(endpoint.Snapshot)
	// Fail says "this is why I cannot tell". The last snapshot stays in force.
	// err reads as a sentence: `watch consul service "api": connection refused`.
	Fail(err error)
}

// Doubter is a Sink that takes a snapshot and the doubt about a part of it in one
// word, so that nobody takes it for certain in between.
type Doubter interface {
	// Doubt is Update, and then Fail with doubt.
	Doubt(s endpoint.Snapshot, doubt error)
}
