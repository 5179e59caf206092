package http1

import "pingap-go/message"

// websocket is the only protocol that we help to switch to. Least of all h2c,
// whose requests would pass by every rule of ours.
const websocket = "websocket"

// setAuthority validates Host. An absolute-form has set the authority already,
// and wins, but must come with a proper Host all the same (RFC 9112 section 3.2).
func (s *section) setAuthority(req *message.Request) Problem {
	switch {
	case s.hosts > 1:
		return manyHosts
	case s.hosts == 0 && req.Minor == 0:
		return ""
	case s.hosts == 0:
		return noHost
	}
	host, p := authority(s.host)
	if req.Authority == "" {
		req.Authority = host
	}
	return p
}

// setOptions fills in what was said to us only. framed says that a length or a
// coding was given, even if it was zero.
func (s *section) setOptions(req *message.Request, framed bool) Problem {
	req.Close = s.closes || req.Minor == 0 && !s.keeps
	if s.expects > 0 && (s.expects > 1 || !message.EqualFold(s.expect, "100-continue")) {
		return badExpectation
	}
	if req.Minor == 0 {
		return ""
	}
	req.ExpectContinue = s.expects > 0 && req.ContentLength != 0
	req.AcceptsTrailers = s.trailers
	if s.asksWebsocket() && req.Method == "GET" && !framed {
		req.Upgrade = websocket
	}
	return ""
}

// asksWebsocket reports whether the connection is to switch to WebSocket, and
// to nothing else.
func (s *section) asksWebsocket() bool {
	return s.switches && s.upgrades == 1 && message.EqualFold(s.upgrade, websocket)
}
