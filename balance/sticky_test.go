package balance

import (
	"strings"
	"testing"
)

func TestStickyStaysWhileItsHostLives(t *testing.T) {
	policy := mustNew(t, "round_robin", Settings{Sticky: true})
	candidates := equalHosts(4)
	token := candidates[2].Token
	pick := func(candidates []Candidate, ask *Ask) string {
		ask.Sticky = token
		return candidates[policy.Picker(candidates).Pick(ask)].Token
	}
	if got := pick(candidates, &Ask{}); got != token {
		t.Fatal("want the token's host")
	}
	if got := pick(candidates[1:], &Ask{}); got != token {
		t.Fatal("want the token's host when another is gone")
	}
	tried := &Ask{}
	tried.MarkTried(candidates[2].Load)
	if got := pick(candidates, tried); got == token {
		t.Fatal("want another host when the token's had its try")
	}
	if got := pick(candidates[:2], &Ask{}); got == token || got == "" {
		t.Fatal("want another host when the token's is gone")
	}
}

func TestStickyHostOfWeightZeroKeepsItsClients(t *testing.T) {
	candidates := hosts(1, 0)
	picker := mustNew(t, "least_conn", Settings{Sticky: true}).Picker(candidates)
	if i := picker.Pick(&Ask{Sticky: candidates[1].Token}); i != 1 {
		t.Fatalf("a client of the host of weight 0 went to %d", i)
	}
	if i := picker.Pick(&Ask{}); i != 0 {
		t.Fatalf("a new client went to %d, want the host with a weight", i)
	}
}

func TestTokensAreOpaqueAndLasting(t *testing.T) {
	const address = "10.1.2.3:8080"
	token := Token("api", address)
	if want := "EbZhWa_BwY6LkPg6"; token != want {
		t.Errorf("token %q, want %q: every release must agree on it", token, want)
	}
	if token == Token("web", address) || token == Token("api", "10.1.2.4:8080") {
		t.Error("want another token for another upstream or endpoint")
	}
	if strings.ContainsAny(token, "=;, \"") {
		t.Errorf("token %q does not fit a cookie", token)
	}
}
