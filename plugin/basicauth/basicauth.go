// Package basicauth is the plugin category "basic_auth": it lets in who knows a
// user's name and password (RFC 7617). README.md says its keys. Credentials are
// kept as digests only and are written nowhere.
package basicauth

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strings"
	"time"

	"pingap-go/message"
	"pingap-go/plugin"
)

// Category is what the engine registers.
var Category = plugin.Category{Name: "basic_auth", New: build}

// maxPair bounds "user:password", in bytes.
const maxPair = 384

// auth is one configured plugin.
type auth struct {
	digests   [][sha256.Size]byte
	challenge string
	delay     time.Duration
	hide      bool
}

func build(d plugin.Decoder, _ plugin.Env) (plugin.Plugin, error) {
	a, err := parse(d)
	if err != nil {
		return nil, err
	}
	return a.wrap, nil
}

func (a *auth) wrap(next plugin.Handler) plugin.Handler {
	return plugin.HandlerFunc(func(ex *plugin.Exchange) error {
		sent, times := credentials(&ex.Request.Header)
		switch {
		case times > 1:
			a.refuse(ex, "Authorization is given more than once")
			return nil
		case sent == "":
			a.refuse(ex, "Authorization is missing")
			return nil
		}
		if !a.admits(sent) {
			if err := ex.Wait(a.delay); err != nil {
				return err
			}
			a.refuse(ex, "Invalid user or password")
			return nil
		}
		if a.hide {
			ex.Request.Header.Del("Authorization")
		}
		return next.Serve(ex)
	})
}

// credentials are what the last Authorization field holds, and how many of these there
// are. Of two the upstream might believe the one that was not looked at here.
func credentials(h *message.Header) (sent string, times int) {
	fields := h.Fields()
	for i := range fields {
		if fields[i].Known == message.Authorization {
			sent, times = fields[i].Value, times+1
		}
	}
	return sent, times
}

// refuse answers 401 with the challenge.
func (a *auth) refuse(ex *plugin.Exchange, why string) {
	ex.Answer(401, "text/plain; charset=utf-8", []byte(why))
	ex.Response.Header.Add("WWW-Authenticate", a.challenge)
}

// admits reports whether an Authorization value holds one of the pairs. The
// time it takes says nothing about how much of a pair was right: digests of
// equal length are compared, all of them, to the end.
func (a *auth) admits(sent string) bool {
	scheme, token, _ := strings.Cut(sent, " ")
	token = strings.TrimLeft(token, " ")
	var text [maxPair/3*4 + 4]byte
	if !message.EqualFold(scheme, "Basic") || len(token) > len(text) {
		return false
	}
	var pair [len(text)]byte
	n, err := base64.StdEncoding.Decode(pair[:], text[:copy(text[:], token)])
	if err != nil {
		return false
	}
	digest := sha256.Sum256(pair[:n])
	known := 0
	for i := range a.digests {
		known |= subtle.ConstantTimeCompare(digest[:], a.digests[i][:])
	}
	return known == 1
}
