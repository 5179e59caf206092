package engine

import (
	"strings"
	"testing"

	"pingap-go/autoroute"
	"pingap-go/message"
)

func TestEveryHopMustPassAndTheyAreNotWithoutEnd(t *testing.T) {
	denies := access{deny: autoroute.Networks("10.0.0.0/8")}
	for sent, admitted := range map[string]bool{
		"":                         true,
		"192.0.2.1, unknown":       true,
		"192.0.2.1, 10.0.0.1":      false,
		strings.Repeat("x,", 60):   true,
		strings.Repeat(",", 60000): false,
	} {
		var h message.Header
		h.Add("X-Forwarded-For", sent)
		if got := denies.admitsForwarded(&h); got != admitted {
			t.Errorf("%.40q: %v", sent, got)
		}
	}
}
