// Package differential sends the same raw bytes to pingap, nginx and HAProxy,
// each in front of an upstream that records what reaches it, and compares what
// they made of them. It has tests and no code:
//
//	go test ./internal/differential                # needs nginx and haproxy
//	go test ./internal/differential -run Peers -v  # what the other two do
//
// Request smuggling needs two readers of one stream that disagree on where a
// message ends. So two things are held here, over a table of inputs that covers
// the known classes of disagreement: what must be refused is refused by pingap
// with nothing complete, and where possible nothing at all, reaching the
// upstream; and what pingap accepts, it divides into the same messages with the
// same bodies as the other two, unless those refuse it. Which input each rule of
// the codec refuses by itself, and the responses' side, is tested beside the
// codec in proxy/http1.
package differential
