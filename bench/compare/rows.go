package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// row is one thing that is compared.
type row struct {
	name, what string
	measure    func(context.Context, *bench) ([]figure, error)
}

// The proxies that a row compares with the subject.
var (
	servers   = []string{"nginx", "haproxy"}
	movers    = []string{"nginx", "nginx-large", "haproxy"} // for the rows with bodies
	everybody = []string{"nginx", "haproxy", "caddy", "baseline"}
)

// smallPath is asked for by the small GETs. The scale rows have a location for
// it among the others; everywhere else the only location takes it.
const smallPath = "/service-0042/hello"

// rows are all rows, in the order of the page. A goal is the highest ratio that
// we want for CPU and latency, and the lowest for throughput.
var rows = []row{
	{"small-64", "small GET, 64 keep-alive connections",
		closedLoop(loadSpec{path: smallPath, connections: 64, peers: everybody, goal: 1.0, goGoal: 0.5, throughput: true})},
	{"small-1", "small GET, 1 connection",
		closedLoop(loadSpec{path: smallPath, connections: 1, peers: servers, goal: 1.1})},
	{"small-8", "small GET, 8 connections",
		closedLoop(loadSpec{path: smallPath, connections: 8, peers: servers, goal: 1.1})},
	{"small-512", "small GET, 512 connections",
		closedLoop(loadSpec{path: smallPath, connections: 512, peers: servers, goal: 1.1})},
	{"get-10k", "10 KB response, 64 connections",
		closedLoop(loadSpec{path: "/bytes/10240", connections: 64, peers: movers, goal: 1.0})},
	{"get-100k", "100 KB response, 64 connections",
		closedLoop(loadSpec{path: "/bytes/102400", connections: 64, peers: movers, goal: 1.0})},
	{"get-10m", "10 MB download, 8 connections",
		closedLoop(loadSpec{path: "/bytes/10485760", connections: 8, peers: movers, goal: 1.0})},
	{"post-10k", "10 KB request body, 64 connections",
		closedLoop(loadSpec{path: "/upload", body: 10 << 10, connections: 64, peers: movers, goal: 1.0})},
	{"post-1m", "1 MB request body, 8 connections",
		closedLoop(loadSpec{path: "/upload", body: 1 << 20, connections: 8, peers: movers, goal: 1.0})},
	{"tls-64", "small GET over TLS, 64 keep-alive connections",
		closedLoop(loadSpec{path: smallPath, connections: 64, tls: true, peers: servers, goal: 1.0, throughput: true})},
	{"tls-10k", "10 KB response over TLS, 64 connections",
		closedLoop(loadSpec{path: "/bytes/10240", connections: 64, tls: true, peers: servers, goal: 1.0})},
	{"latency", "small GET at a constant rate, half of what the slowest of the three can do, 64 connections, many short turns",
		constantRate(servers, 64, 1.1)},
	{"scale-100", "small GET with 100 locations and 100 endpoints, beside the subject with 1 and 1",
		scaled(shape{locations: 100, endpoints: 100}, 1.05)},
	{"scale-10000", "small GET with 10,000 locations, beside the subject with 1",
		scaled(shape{locations: 10_000, endpoints: 1}, 1.15)},
	{"rss-idle", "memory after start",
		memoryOf(holdNothing, servers, goalKB(25<<10))},
	{"rss-keepalive", "memory for each of 10,000 idle keep-alive connections",
		memoryOf(hold{count: 10_000, open: openKeepAlive}, servers, goalKB(8))},
	{"rss-websocket", "memory for each of 1,000 idle WebSocket tunnels",
		memoryOf(hold{count: 1_000, open: openTunnel}, servers, goalKB(16))},
}

// chooseRows gives the rows of those names, or all.
func chooseRows(names []string) ([]row, error) {
	if len(names) == 0 {
		return rows, nil
	}
	var chosen []row
	for _, name := range names {
		i := slices.IndexFunc(rows, func(r row) bool { return r.name == name })
		if i < 0 {
			known := make([]string, len(rows))
			for j, r := range rows {
				known[j] = r.name
			}
			return nil, fmt.Errorf("no row %q; there are %s", name, strings.Join(known, " "))
		}
		chosen = append(chosen, rows[i])
	}
	return chosen, nil
}
