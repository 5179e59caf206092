package dns_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	wire "github.com/miekg/dns"
	"go.uber.org/goleak"

	"pingap-go/discovery/discoverytest"
	"pingap-go/discovery/dns"
	"pingap-go/endpoint"
	"pingap-go/internal/testkit"
)

// soon is how long a change may take to show in a test; it is generous because
// the machine is shared.
const soon = 10 * time.Second

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// follow watches until the test ends.
func follow(t *testing.T, o dns.Options) *discoverytest.Sink {
	t.Helper()
	o.Refresh = 10 * time.Millisecond
	w, err := dns.New(o)
	if err != nil {
		t.Fatal(err)
	}
	var sink discoverytest.Sink
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = w.Watch(ctx, &sink)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return &sink
}

// is waits for a snapshot that reads as text: condition, then "address weight"
// of each endpoint.
func is(text string) func(endpoint.Snapshot) bool {
	return func(s endpoint.Snapshot) bool { return line(s) == text }
}

func line(s endpoint.Snapshot) string {
	text := []string{string(s.Condition)}
	for _, e := range s.Endpoints {
		text = append(text, fmt.Sprintf("%s %d", e.Address, e.Weight))
	}
	return strings.Join(text, ", ")
}

func TestAddressesBecomeEndpoints(t *testing.T) {
	cases := []struct {
		name  string
		addrs []string
		want  string
	}{
		{"all addresses of a name, with its weight", []string{"two.test:80 3"}, "populated, 127.0.0.1:80 3, 127.0.0.2:80 3"},
		{"two names", []string{"two.test:80", "one.test:81 0"}, "populated, 127.0.0.1:80 1, 127.0.0.2:80 1, 127.0.0.3:81 0"},
		{"a name with IPv6 only", []string{"six.test:80"}, "populated, [::1]:80 1"},
		{"an IP address is nobody's to ask", []string{"127.0.0.9:80", "[::9]:80 2"}, "populated, 127.0.0.9:80 1, [::9]:80 2"},
		{"a name without addresses", []string{"none.test:80"}, "empty"},
		{"an unknown name", []string{"nobody.test:80"}, "unknown"},
		{"an unknown name beside a known one", []string{"nobody.test:80", "one.test:80"}, "populated, 127.0.0.3:80 1"},
	}
	names := testkit.DNS(t)
	names.Answer("two.test.", wire.TypeA, "two.test. 0 IN A 127.0.0.2", "two.test. 0 IN A 127.0.0.1")
	names.Answer("one.test.", wire.TypeA, "one.test. 0 IN A 127.0.0.3")
	names.Answer("six.test.", wire.TypeA)
	names.Answer("six.test.", wire.TypeAAAA, "six.test. 0 IN AAAA ::1")
	names.Answer("none.test.", wire.TypeA)
	names.Answer("none.test.", wire.TypeAAAA)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			follow(t, dns.Options{Addrs: c.addrs, Servers: []string{names.Addr}}).Await(t, soon, is(c.want))
		})
	}
}

func TestAddressesComeAndGo(t *testing.T) {
	names := testkit.DNS(t)
	names.Answer("app.test.", wire.TypeA, "app.test. 0 IN A 127.0.0.1")
	const hold = 200 * time.Millisecond
	sink := follow(t, dns.Options{Addrs: []string{"app.test:80"}, Servers: []string{names.Addr}, Hold: hold})
	sink.Await(t, soon, is("populated, 127.0.0.1:80 1"))
	names.Answer("app.test.", wire.TypeA, "app.test. 0 IN A 127.0.0.2")
	changed := time.Now()
	sink.Await(t, soon, is("populated, 127.0.0.1:80 1, 127.0.0.2:80 1"))
	sink.Await(t, soon, is("populated, 127.0.0.2:80 1"))
	if held := time.Since(changed); held < hold {
		t.Errorf("held for %s, want %s", held, hold)
	}
	names.Refuse("app.test.", wire.TypeA, wire.RcodeServerFailure)
	if err := sink.AwaitErr(t, soon); err.Error() != "ask for A app.test: "+names.Addr+": SERVFAIL" {
		t.Errorf("error %q", err)
	}
	time.Sleep(2 * hold)
	if last, _ := sink.Last(); !is("populated, 127.0.0.2:80 1")(last) {
		t.Errorf("a failure left %s", line(last))
	}
	names.Refuse("app.test.", wire.TypeA, wire.RcodeNameError)
	sink.Await(t, soon, is("unknown"))
}

func TestSeedIsHeld(t *testing.T) {
	names := testkit.DNS(t)
	names.Answer("app.test.", wire.TypeA, "app.test. 0 IN A 127.0.0.2")
	seed := endpoint.NewSnapshot(endpoint.Source{}, []endpoint.Endpoint{
		{ID: "127.0.0.1:80", Name: "127.0.0.1:80", Address: "127.0.0.1:80", Weight: 1, Meta: map[string]string{"host": "app.test"}},
		{ID: "127.0.0.8:80", Name: "127.0.0.8:80", Address: "127.0.0.8:80", Weight: 1, Meta: map[string]string{"host": "no-longer-configured.test"}},
	}, "")
	sink := follow(t, dns.Options{Addrs: []string{"app.test:80"}, Servers: []string{names.Addr}, Hold: time.Hour, Seed: seed})
	sink.Await(t, soon, is("populated, 127.0.0.1:80 1, 127.0.0.2:80 1"))
}

func TestIPv6FailureAloneIsNoDoubt(t *testing.T) {
	names := testkit.DNS(t)
	names.Answer("app.test.", wire.TypeA, "app.test. 0 IN A 127.0.0.2")
	names.Refuse("app.test.", wire.TypeAAAA, wire.RcodeServerFailure)
	sink := follow(t, dns.Options{Addrs: []string{"app.test:80"}, Servers: []string{names.Addr}})
	sink.Await(t, soon, func(endpoint.Snapshot) bool { return len(names.Asked()) > 6 })
	if _, fails := sink.Counts(); fails != 0 {
		t.Errorf("%d failures: %v", fails, sink.Err())
	}
}

func TestWrongOptions(t *testing.T) {
	for _, addrs := range [][]string{nil, {"app.test"}, {"app.test:http"}, {"app.test:80 -1"}, {"app.test:80 1 2"}, {":80"}, {"app.test:0"}} {
		if _, err := dns.New(dns.Options{Addrs: addrs}); err == nil {
			t.Errorf("%q was accepted", addrs)
		} else {
			t.Log(err)
		}
	}
}
