package resolver_test

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/miekg/dns"

	"pingap-go/internal/resolver"
	"pingap-go/internal/testkit"
)

// system writes the machine's files: resolv.conf can name no port, so one server
// that answers nothing stands for all of them.
func system(t *testing.T, conf, hosts string) resolver.Options {
	t.Helper()
	o := resolver.Options{ResolvConf: filepath.Join(t.TempDir(), "resolv.conf"), Hosts: filepath.Join(t.TempDir(), "hosts")}
	for path, text := range map[string]string{o.ResolvConf: conf, o.Hosts: hosts} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

func TestHostsFileGoesFirst(t *testing.T) {
	o := system(t, "", "127.0.0.1 localhost\n# 127.0.0.2 off\n127.0.0.3 app.local APP # and more\n::1 app.local\n127.0.0.4 app.local\n")
	cases := []struct {
		name  string
		qtype uint16
		want  []string
	}{
		{"localhost", dns.TypeA, []string{"127.0.0.1"}},
		{"app", dns.TypeA, []string{"127.0.0.3"}},
		{"app.local.", dns.TypeA, []string{"127.0.0.3", "127.0.0.4"}},
		{"app.local", dns.TypeAAAA, []string{"::1"}},
		{"app", dns.TypeAAAA, nil},
	}
	for _, c := range cases {
		answer, err := ask(t, o, c.name, c.qtype)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		got := slices.Collect(func(yield func(string) bool) {
			for _, a := range answer.Addrs {
				if !yield(a.String()) {
					return
				}
			}
		})
		if !slices.Equal(got, c.want) || !answer.Complete {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if _, err := ask(t, o, "off", dns.TypeA); err == nil {
		t.Error("a comment counted, or servers were found in an empty file")
	}
}

// TestSearchListOfResolvConf needs port 53 of a loopback address of its own.
func TestSearchListOfResolvConf(t *testing.T) {
	const server = "127.53.53.53"
	names := &dns.Server{Addr: net.JoinHostPort(server, "53"), Net: "udp", Handler: dns.HandlerFunc(inside)}
	started, ended := make(chan struct{}), make(chan error, 1)
	names.NotifyStartedFunc = func() { close(started) }
	go func() { ended <- names.ListenAndServe() }()
	select {
	case err := <-ended:
		testkit.SkipOrFail(t, "port 53 is not ours to use: "+err.Error())
	case <-started:
	}
	t.Cleanup(func() {
		_ = names.Shutdown()
		<-ended
	})
	o := system(t, "nameserver "+server+"\nsearch inside.test\n", "")
	answer, err := ask(t, o, "app", dns.TypeA)
	if err != nil || len(answer.Addrs) != 1 || answer.Addrs[0] != netip.MustParseAddr("127.0.0.5") {
		t.Errorf("answer %+v, error %v", answer, err)
	}
	later := time.Now().Add(time.Second)
	if err := os.WriteFile(o.ResolvConf, []byte("nameserver "+server+"\nsearch elsewhere.test\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(o.ResolvConf, later, later); err != nil {
		t.Fatal(err)
	}
	if answer, err := ask(t, o, "app", dns.TypeA); err != nil || !answer.Unknown {
		t.Errorf("answer %+v, error %v", answer, err)
	}
}

// inside knows app.inside.test only.
func inside(w dns.ResponseWriter, request *dns.Msg) {
	answer := new(dns.Msg).SetReply(request)
	answer.SetEdns0(4096, false)
	if request.Question[0].Name == "app.inside.test." {
		answer.Answer = testkit.Records("app.inside.test. 5 IN A 127.0.0.5")
	} else {
		answer.Rcode = dns.RcodeNameError
	}
	_ = w.WriteMsg(answer)
}
