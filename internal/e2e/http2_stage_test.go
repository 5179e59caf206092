package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// combination is what is spoken in front and behind.
type combination struct{ front, back string }

// combinations are all there are.
var combinations = []combination{{"h1", "h1"}, {"h1", "h2"}, {"h2", "h1"}, {"h2", "h2"}}

func (c combination) String() string { return c.front + " to " + c.back }

// text is a configuration for the combination, with one instance, A.
func (c combination) text() string {
	return strings.ReplaceAll(head+`enable_http2 = true
access_log = "{proto} {status} {path} {:upstream_status}"
[upstreams.api]
addrs = ["${A}"]
alpn = "ALPN"
[locations.api]
upstream = "api"
path = "/"
`, "ALPN", c.back)
}

// proto is what the instance sees.
func (c combination) proto() string {
	if c.back == "h2" {
		return "HTTP/2.0"
	}
	return "HTTP/1.1"
}

// bootFor starts the program for a combination, with a client that speaks the
// front's protocol.
func (s *stage) bootFor(c combination, text string) *program {
	s.Helper()
	p := s.boot(text)
	if c.front == "h2" {
		p.client = s.http2Client()
	}
	return p
}

// http2Client is a client with prior knowledge.
func (s *stage) http2Client() *http.Client {
	client := s.client()
	transport := client.Transport.(*http.Transport)
	transport.Protocols = new(http.Protocols)
	transport.Protocols.SetUnencryptedHTTP2(true)
	return client
}

// everyway runs a test in all four combinations.
func everyway(t *testing.T, test func(*stage, combination)) {
	for _, c := range combinations {
		t.Run(c.String(), func(t *testing.T) { test(newStage(t), c) })
	}
}
