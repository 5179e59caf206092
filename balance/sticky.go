package balance

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
)

// sticky sends a request back to the host whose token it brings, while that host
// is among the candidates and had no try yet. Any other request, and one whose
// host is gone, goes by the algorithm. A host of weight 0 keeps the clients it
// has and gets no new ones.
//
// Source: the cookie persistence of HAProxy ("cookie ... insert") and nginx
// ("sticky cookie"), with a value that every sidecar computes by itself instead
// of a table that they would have to share.
type sticky struct {
	candidates []Candidate
	byToken    map[string]int
	otherwise  Picker
}

func newSticky(candidates []Candidate, otherwise Picker) Picker {
	byToken := make(map[string]int, len(candidates))
	for i := range candidates {
		if token := candidates[i].Token; token != "" {
			byToken[token] = i
		}
	}
	return &sticky{candidates: candidates, byToken: byToken, otherwise: otherwise}
}

func (p *sticky) Pick(ask *Ask) int {
	if ask.Sticky != "" {
		if i, ok := p.byToken[ask.Sticky]; ok && !ask.Tried(p.candidates[i].Load) {
			return i
		}
	}
	return p.otherwise.Pick(ask)
}

// tokenBytes is the length of a token before encoding: 96 bits, which no two of
// a pool's hosts ever share, in 16 characters that any cookie may hold.
const tokenBytes = 12

// Token is the value of a sticky cookie that stands for an endpoint: the same on
// every sidecar and after a restart, different for every upstream. It tells
// nothing of the endpoint's name or address, but it is no secret either: who
// knows the upstream's name can test a guess. A made-up token matches no host. It
// costs about a microsecond; the pool keeps it with the host.
func Token(upstream, endpointID string) string {
	mac := hmac.New(sha256.New, []byte("pingap sticky token\x00"+upstream))
	mac.Write([]byte(endpointID))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:tokenBytes])
}
