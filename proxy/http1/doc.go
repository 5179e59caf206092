// Package http1 is the codec of HTTP/1.1: bytes and strings in, message values
// out, and back. It has no sockets, goroutines, clocks or state between messages,
// and it does not allocate: the one string that a head becomes is the caller's.
//
//	n, err := http1.HeadLength(buf, 0) // 0: read more
//	err = http1.ParseRequest(string(buf[:n]), &req, nil)
//	...
//	out, err = http1.AppendRequest(out, &req)
//
//	framing, err := http1.ParseResponse(head, req.Method, &res)
//	client := http1.Client{Method: req.Method, Minor: req.Minor, Close: req.Close}
//	out, err = http1.AppendResponse(out, &res, &client)
//
// # What it implements
//
// RFC 9112: message format (2), request line and target forms (3), status line
// (4), field syntax (5), body length (6), chunked coding and trailers (7), and what
// a message says of its connection's life (9.3, 9.6). RFC 9110: field syntax (5),
// trailers (6.5), Host (7.2), Connection and the other hop-by-hop fields (7.6.1),
// Upgrade (7.8), Content-Length (8.6), Expect (10.1.1), TE (10.1.4), and which
// responses have no body (6.4.1). RFC 3986: path normalisation (5.2.4, 6.2.2).
//
// Framing is regenerated, never copied. Parsers take Content-Length,
// Transfer-Encoding, Connection and what it names, Host, Upgrade, TE, Expect,
// Keep-Alive, Trailer, HTTP2-Settings and the Proxy- fields out of the header and
// say them in struct fields; serialisers skip such fields in a header and write
// their own. Order and case of everything else stay as they were.
//
// # What it refuses
//
// Every message that two readers could read differently. Requests are answered
// with 400 unless another status stands here, responses count as 502:
//
//   - both Content-Length and Transfer-Encoding; either of them twice, even if
//     equal; a length that is not 1 to 18 digits; a coding that is not exactly
//     "chunked"; a coding in HTTP/1.0
//   - bare LF and bare CR anywhere, control characters in values (HTAB excepted),
//     folded lines, white space before a colon or a first field, names that are
//     not tokens, lines without a colon
//   - no Host or several; a Host that is not a name or an address with an optional
//     port (no user, comma, escape or zone), also beside an absolute-form, whose
//     authority has to be a good one, too
//   - targets with control characters, spaces, "#", "\" or bytes beyond ASCII,
//     malformed escapes, a path that leads above the root, "*" but for OPTIONS
//   - a method that is no token of at most 32 bytes; CONNECT and TRACE (405)
//   - versions other than 1.0 and 1.1 (505 when well-formed)
//   - too long a target (414), head or field list (431), an expectation other than
//     100-continue (417)
//   - chunk sizes that are not 1 to 15 hex digits directly followed by ";" or CR;
//     line ends other than CRLF; control characters, line ends in quotes, missing
//     names or values and more than 256 bytes in an extension; extensions out of
//     proportion to the data; trailers that break the rules of header fields
//   - responses: garbage in the status line, and a 101 that does not say WebSocket
//
// docs/http1.md lists the rules one by one with their tests.
//
// Some things are dropped without a word: fields whose name spells a known one
// with "_" for "-" (Content_Length), Upgrade to anything but WebSocket (least of
// all h2c), chunk extensions, and trailers that would frame, route, authenticate
// or describe the message.
//
// # What it leaves to others
//
// Reading and writing, time limits, pairing responses with requests, the number
// of 1xx responses, whether a 101 was asked for, who may get trailers, forwarded
// headers, and closing: after an error of this package neither connection of
// the exchange may be used again.
package http1
