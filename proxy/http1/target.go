package http1

import (
	"strings"

	"pingap-go/message"
)

// setTarget fills Target, Path, Query and, for the absolute-form, Authority.
func setTarget(req *message.Request, target string) (p Problem) {
	req.Target = target
	switch {
	case target == "*":
		if req.Method != "OPTIONS" {
			return badTargetForm
		}
		req.Path = "*"
		return ""
	case target[0] != '/':
		return setAbsolute(req, target)
	}
	return setPath(req, target)
}

// setPath splits path and query, and normalises the path.
func setPath(req *message.Request, target string) (p Problem) {
	path := target
	if q := strings.IndexByte(target, '?'); q >= 0 {
		path, req.Query, req.HasQuery = target[:q], target[q+1:], true
	}
	req.Path, p = normalPath(path)
	return p
}

// setAbsolute is for "http://host/path" (RFC 9112 section 3.2.2), whose
// authority wins over Host. The scheme is checked and otherwise ignored: which
// one it is depends on the connection.
func setAbsolute(req *message.Request, target string) (p Problem) {
	scheme, rest, _ := strings.Cut(target, "://")
	if !message.EqualFold(scheme, "http") && !message.EqualFold(scheme, "https") {
		return badTargetForm
	}
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	if req.Authority, p = authority(rest[:end]); p != "" {
		return p
	}
	switch rest = rest[end:]; {
	case rest == "" && req.Method == "OPTIONS":
		req.Path = "*" // section 3.2.4
	case rest == "":
		req.Path = "/"
	case rest[0] == '?':
		req.Path, req.Query, req.HasQuery = "/", rest[1:], true
	default:
		return setPath(req, rest)
	}
	return ""
}
