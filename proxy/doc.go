// Package proxy is the request path: listeners, connections and what happens to
// a request between them and a pool.
//
//	server := proxy.NewServer("http", site, watchdog, loops, log)
//	err := server.Open(ctx, []string{"127.0.0.1:8080"}) // bind
//	server.Serve(site, addrs)                            // accept; again for each reload
//	err = server.Shutdown(ctx)                           // drain
//
// One goroutine owns a client's connection and both sides of every exchange on it;
// for plain HTTP/1 on Linux it is a task of a loop (internal/loop), and steps beside
// the loop (Task.Leave) for whatever blocks. Its steps have a file each:
//
//	conn.go      await a request, serve it, await the next
//	head.go      read a head; refuse.go answers one that is none
//	site.go      choose the location, check its limits, run its plugin chain
//	forward.go   the chain's end: lease a host, try, and try again elsewhere
//	roundtrip.go send the request, read the response's head
//	respond.go   write the response; send.go streams its content
//	watch.go     leave the upstream when the client leaves
//	pump.go      stream request content that does not fit into the buffer
//	tunnel.go    after a switch of protocols
//	relay.go     the connections of a tcp server, for proxy/tcp to carry
//	stream.go    the same as conn.go, for a request over HTTP/2
//	call.go      the same as roundtrip.go, towards an HTTP/2 host
//	feed.go      the same as pump.go, towards an HTTP/2 host
//
// On this way our own code takes no lock and starts no goroutine, timer or
// channel, unless content is too large for the read buffer. Strings of a request
// are views into one immutable head. Framing is never copied: what goes on is
// written anew from parsed numbers, and any anomaly ends both connections.
//
// The package knows pools, but no registry behind them, and is handed whatever
// it writes to. What is valid HTTP/1 is proxy/http1's business.
package proxy
