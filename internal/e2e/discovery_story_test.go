package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"pingap-go/admin"
	"pingap-go/internal/testkit"
)

// A list in a file is watched: replaced it counts, broken or gone it does not.
func TestAFileOfAddressesIsFollowed(t *testing.T) {
	s := newStage(t)
	for _, name := range []string{"A", "B", "C"} {
		s.instance(name)
	}
	s.env["LIST"] = filepath.Join(t.TempDir(), "list.json")
	replace := func(text string) {
		t.Helper()
		next := s.env["LIST"] + ".new"
		if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(next, s.env["LIST"]); err != nil {
			t.Fatal(err)
		}
	}
	list := func(names ...string) string {
		var entries []string
		for _, name := range names {
			entries = append(entries, fmt.Sprintf(`{"address": %q}`, s.env[name]))
		}
		return "[" + strings.Join(entries, ",\n") + "]"
	}
	replace(list("A", "B"))
	p := s.boot(head + `
[upstreams.api]
discovery = "file"
addrs = ["${LIST}"]
[locations.api]
upstream = "api"
`)
	p.awaitAddresses("api", patience, 2)
	l := s.load(plan{rate: 400})
	replace(list("A", "B", "C"))
	p.awaitAddresses("api", patience, 3)
	replace("[\n{\"address\": 7}\n]")
	p.await("api", patience, func(u admin.Upstream) error {
		if !u.Stale || !strings.Contains(u.LastError, s.env["LIST"]) || len(up(u)) != 3 {
			return fmt.Errorf("stale %t, up %v, error %q", u.Stale, up(u), u.LastError)
		}
		return nil
	})
	if err := os.Remove(s.env["LIST"]); err != nil {
		t.Fatal(err)
	}
	l.more(50)
	replace(list("C"))
	p.awaitAddresses("api", patience, 1)
	l.more(50)
	l.end().wantNoFailure(t)
}

// A name with several addresses is a pool, and one that cannot be asked about
// stays what it was.
func TestANameWithAddressesIsFollowed(t *testing.T) {
	s := newStage(t)
	names := testkit.DNS(t)
	a := s.instance("A")
	_, port := split(a.addr)
	s.env["DNS"], s.env["NAME"] = names.Addr, "app.test:"+port
	names.Answer("app.test.", dns.TypeA, "app.test. 1 IN A 127.0.0.1")
	names.Answer("app.test.", dns.TypeAAAA)
	p := s.boot(head + `
[upstreams.api]
discovery = "dns"
addrs = ["${NAME}"]
dns_server = "${DNS}"
refresh = "100ms"
hold = "300ms"
[locations.api]
upstream = "api"
`)
	p.awaitUp("api", patience, a.addr)
	l := s.load(plan{rate: 400})
	names.Refuse("app.test.", dns.TypeA, dns.RcodeServerFailure)
	p.await("api", patience, stale(true))
	l.more(100)
	names.Answer("app.test.", dns.TypeA, "app.test. 1 IN A 127.0.0.1", "app.test. 1 IN A 127.0.0.2")
	p.awaitAddresses("api", patience, 2)
	names.Answer("app.test.", dns.TypeA, "app.test. 1 IN A 127.0.0.1")
	p.awaitAddresses("api", patience, 1)
	l.end().wantNoFailure(t)
}
