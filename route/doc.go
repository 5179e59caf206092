// Package route chooses the location of a request: by host, path, method,
// headers, query and cookies, in one order that users can predict.
//
// A Table is immutable and made of Rules. Its target type is the caller's, the
// proxy's being a linked location:
//
//	path, err := route.ParsePath("prefix", "/api")
//	hosts, err := route.ParseHosts([]string{"example.com", "*.example.com"})
//	table := route.New([]route.Rule[*Location]{{Name: "api", Hosts: hosts, Path: path, Target: api}})
//
//	var match route.Match // one a connection, reused
//	location, ok := table.Match(&ex.Request, &match)
//
// Everything is parsed before a Rule is made, so New cannot fail. The order is
// in Table's comment, the way a request is looked up in tree.go: the host picks
// a few radix trees of paths, so ten thousand locations cost about what ten do.
//
// Routes that come and go (from the catalog) are groups of rules beside the
// configured ones. Table.With makes a table in which the named groups are new
// and shares the rest, so a change costs what it touches.
//
// Rewrite changes a path after the choice. What a target does, and the answer
// when there is none, is the proxy's affair.
package route
