package consul_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pingap-go/discovery"
	"pingap-go/discovery/consul"
	"pingap-go/internal/testkit"
)

// TestTokenThatIsGone has a stream that goes on although its token was deleted.
func TestTokenThatIsGone(t *testing.T) {
	t.Parallel()
	const gone, other = "ACL not found", "Permission denied"
	o := consul.Options{Heartbeat: 50 * time.Millisecond, Token: "secret"}
	t.Run("no server knows it", func(t *testing.T) {
		t.Parallel()
		s := &script{answers: []reply{{index: 5, body: first}}, self: []string{gone, gone}}
		if err := s.play(t, o).AwaitErr(t, soon); !errors.Is(err, discovery.ErrDenied) || !strings.Contains(err.Error(), gone) {
			t.Errorf("error %q", err)
		}
	})
	for name, self := range map[string][]string{
		"only a server that lags behind": {gone, other}, "who is asked does not tell": {other, other, other}, "without a token": {gone, gone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, o := &script{answers: []reply{{index: 5, body: first}}, self: self}, o
			if name == "without a token" {
				o.Token = ""
			}
			sink := s.play(t, o)
			sink.Await(t, soon, members("api-1"))
			testkit.Eventually(t, soon, func() error {
				s.mu.Lock()
				defer s.mu.Unlock()
				if s.beats < 6 {
					return fmt.Errorf("%d beats", s.beats)
				}
				return nil
			})
			if err := sink.Err(); err != nil || s.indexes() != ",5" {
				t.Errorf("error %v, asked with %s", err, s.indexes())
			}
		})
	}
}
