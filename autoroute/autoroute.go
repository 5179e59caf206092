// Package autoroute makes routes of the tags that services carry in Consul, by
// fabio's grammar, so that its users can put pingap in its place:
//
//	urlprefix-example.com/api strip=/api weight=0.1
//
// It has three parts, each of use without the next. A Parser reads one tag. A
// Book keeps what the tags of all instances say together: which routes there
// are, which services share them, and what could not be used and why. A Watcher
// keeps the Book in step with the catalog, watching as little as possible: the
// names and tags of all services with one query, then each routed service with
// one of its own.
//
//	book := autoroute.NewBook(autoroute.Parser{Prefix: "urlprefix-"})
//	changed := book.Set("api", snapshot)
//	for _, key := range changed {
//		r := book.Route(key) // nil: gone
//	}
//
// A bad tag affects its instance alone. An instance whose new tags cannot be
// read keeps the routes that it had, until they can be.
//
// Pools, handlers and the table of routes are the engine's part. docs/auto-routes.md
// has the grammar.
package autoroute
