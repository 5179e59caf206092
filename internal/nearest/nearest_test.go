package nearest

import "testing"

func TestName(t *testing.T) {
	names := []string{"host", "method", "remote_addr", "remote_port", "request_id"}
	for _, c := range []struct{ word, want string }{
		{"hots", "host"}, {"HOST", "host"}, {"requst_id", "request_id"}, {"remote_adr", "remote_addr"},
		{"remote_prot", "remote_port"}, {"zebra", ""}, {"", ""},
		{"requ", "request_id"}, {"me", ""},
	} {
		if got := Name(c.word, names); got != c.want {
			t.Errorf("Name(%q) = %q, want %q", c.word, got, c.want)
		}
	}
}
