// Package http2 stands between the standard library's HTTP/2 and our messages:
// frames, HPACK, flow control and streams are net/http's, what is a valid request
// is proxy/http1's, and this package carries values from one to the other.
//
// In front of a client:
//
//	server := http2.NewServer(options)
//	server.Serve(nc, read, func(s *http2.Stream) { // until the connection ends
//		err := s.Request(&req, limits)             // validated, normalised
//		...
//		err = s.Head(&res, req.Method, date, false)
//		_, err = s.Write(piece)
//		s.Trailer(&res.Trailer)
//	})
//	err := server.Shutdown(ctx) // GOAWAY, then wait
//
// Towards a host, on a connection that upstream/session has joined:
//
//	r, err := http2.NewRequest(ctx, &req, address, tls)
//	hr, err := conn.RoundTrip(r)
//	err = http2.Response(hr, &res)
//	http2.Trailer(hr, &res)      // when its body has given io.EOF
//
// # One book of rules
//
// A request's head is written down as an HTTP/1.1 head and given to proxy/http1,
// so that everything it refuses in HTTP/1 is refused here with the same answer,
// and paths are normalised by the same code. What HTTP/2 alone forbids (RFC 9113
// section 8.2 and 8.3: upper-case names, connection-specific fields, missing,
// repeated or late pseudo-header fields, content that is not as long as
// Content-Length says) the library finds first and answers by resetting the
// stream. An :authority that differs from Host, a :path that is a whole URI, and a
// length without content, are refused here.
//
// # What it leaves to others
//
// Connections and their time limits, retries, and what an exchange is. Known
// limits of the library: trailers of a request that its Trailer field does not
// announce are dropped, 100 Continue is sent as soon as the content is read, and
// field names lose their order.
package http2
