package balance

import "testing"

func TestParseKey(t *testing.T) {
	for algorithm, want := range map[string]Key{
		"ip_hash":              {Kind: KeyIP},
		"hash:ip":              {Kind: KeyIP},
		"hash:url":             {Kind: KeyURL},
		"hash:path":            {Kind: KeyPath},
		"hash:header:X-User":   {Kind: KeyHeader, Name: "X-User"},
		"hash:cookie:id":       {Kind: KeyCookie, Name: "id"},
		"hash:query:user:name": {Kind: KeyQuery, Name: "user:name"},
	} {
		if key, ok := ParseKey(algorithm); !ok || key != want {
			t.Errorf("ParseKey(%q) = %v, %v; want %v", algorithm, key, ok, want)
		}
	}
	for _, algorithm := range []string{
		"", "round_robin", "hash", "hash:", "hash:uri", "hash:url:", "hash:ip:x", "hash:header", "hash:header:", "hash:none",
	} {
		if key, ok := ParseKey(algorithm); ok {
			t.Errorf("ParseKey(%q) = %v, want none", algorithm, key)
		}
	}
}

func TestParseSticky(t *testing.T) {
	for sticky, want := range map[string]string{"": "", "cookie:route": "route"} {
		if cookie, err := ParseSticky(sticky); err != nil || cookie != want {
			t.Errorf("ParseSticky(%q) = %q, %v; want %q", sticky, cookie, err, want)
		}
	}
	for _, sticky := range []string{"route", "cookie:", "header:X", "cookie:a b", "cookie:a=b", "cookie:a;b"} {
		if cookie, err := ParseSticky(sticky); err == nil {
			t.Errorf("ParseSticky(%q) = %q, want an error", sticky, cookie)
		}
	}
}
