package playground

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"go.uber.org/goleak"

	"pingap-go/internal/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start starts a playground without a proxy.
func start(t *testing.T, instances int) *Playground {
	t.Helper()
	p, err := Start(Options{Instances: instances, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return p
}

// ask asks the registry.
func ask(t *testing.T, p *Playground, network, name string, kind uint16) *dns.Msg {
	t.Helper()
	c := dns.Client{Net: network, Timeout: 5 * time.Second}
	reply, _, err := c.Exchange(new(dns.Msg).SetQuestion(name, kind).SetEdns0(1232, false), p.RegistryAddr())
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

// listed are the targets that the registry names, sorted.
func listed(reply *dns.Msg) []string {
	var names []string
	for _, record := range reply.Answer {
		names = append(names, strings.TrimSuffix(record.(*dns.SRV).Target, ".pingap.test."))
	}
	slices.Sort(names)
	return names
}

func TestTheRegistryNamesTheInstances(t *testing.T) {
	p := start(t, 2)
	for _, network := range []string{"udp", "tcp"} {
		reply := ask(t, p, network, "_APP._tcp.pingap.test.", dns.TypeSRV)
		if got := listed(reply); !slices.Equal(got, []string{"app-1", "app-2"}) || len(reply.Extra) < 2 {
			t.Errorf("by %s: %v", network, reply)
		}
	}
	if reply := ask(t, p, "udp", "app-1.pingap.test.", dns.TypeA); len(reply.Answer) != 1 {
		t.Errorf("app-1 has no address: %v", reply)
	}
	for name, want := range map[string]int{"app-9.pingap.test.": dns.RcodeNameError, "app-1.pingap.test.": dns.RcodeSuccess} {
		if reply := ask(t, p, "udp", name, dns.TypeAAAA); reply.Rcode != want || len(reply.Answer) > 0 || len(reply.Ns) != 1 {
			t.Errorf("AAAA of %s: %v", name, reply)
		}
	}
}

func TestManyInstancesNeedMoreThanOnePacket(t *testing.T) {
	p := start(t, Most)
	if _, err := p.Add(); err == nil {
		t.Errorf("a playground of more than %d", Most)
	}
	if reply := ask(t, p, "udp", service, dns.TypeSRV); !reply.Truncated {
		t.Errorf("%d records came in one packet of 1232 bytes", len(reply.Answer))
	}
	if got := listed(ask(t, p, "tcp", service, dns.TypeSRV)); len(got) != Most {
		t.Errorf("over TCP %d instances are listed", len(got))
	}
}

func TestACrashIsNoticedLaterAndALeaveAtOnce(t *testing.T) {
	p := start(t, 3)
	if err := p.Kill("app-1"); err != nil {
		t.Fatal(err)
	}
	if err := p.Remove("app-2"); err != nil {
		t.Fatal(err)
	}
	if got := listed(ask(t, p, "udp", service, dns.TypeSRV)); !slices.Equal(got, []string{"app-1", "app-3"}) {
		t.Errorf("right after: %v are listed, want the crashed app-1 and app-3", got)
	}
	list := p.List()
	if _, err := http.Get("http://" + list[0].Address); err == nil {
		t.Error("the crashed instance answers")
	}
	if res, err := http.Get("http://" + list[1].Address); err != nil {
		t.Errorf("the leaving instance does not answer: %v", err)
	} else {
		res.Body.Close()
	}
	testkit.Eventually(t, 10*time.Second, func() error {
		if left := p.List(); len(left) != 1 {
			return ErrFull
		}
		return nil
	})
	if got := listed(ask(t, p, "udp", service, dns.TypeSRV)); !slices.Equal(got, []string{"app-3"}) {
		t.Errorf("in the end %v are listed", got)
	}
}

func TestTheAPISaysWhatIsWrong(t *testing.T) {
	p := start(t, 1)
	for _, c := range []struct {
		request string
		status  int
		says    string
	}{
		{"POST /api/instances/app-7/kill", 404, `there is no such instance: "app-7"`},
		{"DELETE /api/instances/app-7", 404, "no such instance"},
		{"POST /api/instances/app-1/mode?set=sleepy", 400, `mode "sleepy" is none of [well slow failing flaky unhealthy]`},
		{"POST /api/scale?to=many", 400, `to="many" is not a number from 0 to 32`},
		{"POST /api/scale?to=33", 400, "from 0 to 32"},
		{"POST /api/traffic?rate=-1", 400, "from 0 to 500"},
	} {
		method, path, _ := strings.Cut(c.request, " ")
		status, text := request(t, p, method, path, nil)
		var answer struct{ Error string }
		if err := json.Unmarshal([]byte(text), &answer); err != nil || status != c.status || !strings.Contains(answer.Error, c.says) {
			t.Errorf("%s: %d %s, want %d %s", c.request, status, text, c.status, c.says)
		}
	}
}

func request(t *testing.T, p *Playground, method, path string, set func(*http.Request)) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+p.ControlAddr()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if set != nil {
		set(r)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

func TestOtherSitesCannotUseTheAPI(t *testing.T) {
	p := start(t, 1)
	for name, set := range map[string]func(*http.Request){
		"a page of another site":  func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"a name that points here": func(r *http.Request) { r.Host = "evil.example" },
	} {
		if status, _ := request(t, p, "POST", "/api/instances/app-1/kill", set); status != http.StatusForbidden {
			t.Errorf("%s may kill instances: %d", name, status)
		}
	}
	if _, err := Start(Options{Control: "0.0.0.0:0", Log: slog.New(slog.DiscardHandler)}); err == nil {
		t.Error("the control API listens beyond loopback")
	}
}

func TestThePageIsWhole(t *testing.T) {
	p := start(t, 0)
	for path, holds := range map[string]string{"/": `src="app.js"`, "/app.js": "api/instances", "/style.css": "--accent"} {
		if status, text := request(t, p, "GET", path, nil); status != 200 || !strings.Contains(text, holds) {
			t.Errorf("%s: %d without %s", path, status, holds)
		}
	}
}
