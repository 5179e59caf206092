package http1

import (
	"strings"

	"pingap-go/message"
)

// ParseResponse fills res, which must be fresh or Reset, from a complete head,
// and says how its body is framed. method is the request's. The strings in res
// are views into head. The error is a *message.Fault with 502: the connection
// must not be used again, nor must it when Close is set.
//
// A 101 has Upgrade set; whether that is what was asked for is for the caller to
// check, as is the number of other 1xx responses.
func ParseResponse(head string, method string, res *message.Response) (Framing, error) {
	framing, p := parseResponse(head, method, res)
	if p != "" {
		return NoBody, ResponseFault(p)
	}
	return framing, nil
}

func parseResponse(head, method string, res *message.Response) (Framing, Problem) {
	minor, at, p := statusLine(head, res)
	if p != "" {
		return NoBody, p
	}
	s := section{header: &res.Header, left: defaultFields}
	if p = s.read(head, at); p != "" {
		return NoBody, p
	}
	length, given, p := s.bodyLength(minor)
	if p != "" {
		return NoBody, p
	}
	res.Close = s.closes || minor == 0 && !s.keeps
	if s.keepAlive != "" {
		res.KeepAlive = timeout(s.keepAlive)
	}
	if res.Status == 101 {
		if !s.asksWebsocket() {
			return NoBody, unaskedSwitching
		}
		res.Upgrade = websocket
	}
	return responseFraming(method, res, length, given), ""
}

// responseFraming is RFC 9112 section 6.3 for a response.
func responseFraming(method string, res *message.Response, length int64, given bool) Framing {
	if !given {
		length = message.UnknownLength
	}
	res.ContentLength = length
	switch {
	case res.Status < 200 || res.Status == 204:
		// These have neither content nor length. A sender that says otherwise
		// may well send it: nothing more is read from that connection.
		res.ContentLength = 0
		res.Close = res.Close || given && length != 0
		return NoBody
	case !message.BodyAllowed(method, res.Status), length == 0:
		return NoBody
	case length > 0:
		return Length
	case given:
		return Chunks
	}
	res.Close = true
	return UntilClose
}

// statusLine reads RFC 9112 section 4: "HTTP/1.1 200 OK". The space before an
// empty reason may be missing, as it often is.
func statusLine(head string, res *message.Response) (minor, next int, p Problem) {
	const start = "HTTP/1.1 200"
	if len(head) < len(start)+2 || head[:7] != "HTTP/1." || head[7] != '0' && head[7] != '1' || head[8] != ' ' {
		return 0, 0, badStatusLine
	}
	status, ok := decimal(head[9:12])
	if !ok || status < 100 {
		return 0, 0, badStatusLine
	}
	end := len(start)
	if head[end] == ' ' {
		end = valueEnd(head, end+1)
		res.Reason = trim(head[len(start)+1 : end])
	}
	if !strings.HasPrefix(head[end:], "\r\n") {
		if end == len(start) {
			return 0, 0, badStatusLine
		}
		return 0, 0, badReason
	}
	res.Status = int(status)
	return int(head[7] - '0'), end + 2, ""
}
