package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"pingap-go/admin"
	"pingap-go/config"
	"pingap-go/engine"
	"pingap-go/internal/playground"
	"pingap-go/internal/testkit"
)

// devRun is a dev mode that runs inside the test.
type devRun struct {
	devOptions
	greeting string
}

// startDev starts dev mode on free ports; it is drained when the test ends, and
// must end well.
func startDev(t *testing.T, instances int) *devRun {
	t.Helper()
	ports, err := testkit.FreePorts(3)
	if err != nil {
		t.Fatal(err)
	}
	at := func(i int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(ports[i])) }
	r := &devRun{devOptions: devOptions{instances: instances, addr: at(0), admin: at(1), control: at(2)}}
	out := &said{begun: make(chan struct{})}
	signals, ended := make(chan os.Signal, 1), make(chan error, 1)
	go func() { ended <- dev(r.devOptions, slog.New(slog.NewTextHandler(t.Output(), nil)), out, signals) }()
	select {
	case <-out.begun:
	case err := <-ended:
		t.Fatal(err)
	case <-time.After(10 * time.Second):
		t.Fatal("dev mode has not started in 10 s")
	}
	r.greeting = out.String()
	t.Cleanup(func() {
		signals <- syscall.SIGTERM
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	r.awaitUp(t, instances)
	return r
}

// said keeps what was printed, and tells when something was.
type said struct {
	bytes.Buffer
	begun chan struct{}
	once  sync.Once
}

func (s *said) Write(p []byte) (int, error) {
	defer s.once.Do(func() { close(s.begun) })
	return s.Buffer.Write(p)
}

// control sends a request to the control API and reads the answer.
func (r *devRun) control(t *testing.T, method, path string, into any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+r.devOptions.control+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode/100 != 2 {
		text, _ := io.ReadAll(answer.Body)
		t.Fatalf("%s %s: %s: %s", method, path, answer.Status, text)
	}
	if into != nil {
		if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
			t.Fatal(err)
		}
	}
}

// pool is what the proxy says of its upstream, verdicts by instance.
func (r *devRun) pool(t *testing.T) map[string]admin.Endpoint {
	t.Helper()
	var u admin.Upstream
	r.control(t, "GET", "/api/pool", &u)
	verdicts := map[string]admin.Endpoint{}
	for _, e := range u.Endpoints {
		name, _, _ := strings.Cut(e.ID, ".")
		verdicts[name] = e
	}
	return verdicts
}

// awaitUp waits until the proxy has n endpoints that are up, and no other.
func (r *devRun) awaitUp(t *testing.T, n int) {
	t.Helper()
	testkit.Eventually(t, 10*time.Second, func() error {
		pool, up := r.pool(t), 0
		for _, e := range pool {
			if e.Verdict == "up" {
				up++
			}
		}
		if up != n || len(pool) != n {
			return fmt.Errorf("%d of %d endpoints are up, not %d", up, len(pool), n)
		}
		return nil
	})
}

// awaitVerdict waits until the proxy says so of an instance, with a reason that
// holds some words.
func (r *devRun) awaitVerdict(t *testing.T, instance, verdict, words string) {
	t.Helper()
	testkit.Eventually(t, 10*time.Second, func() error {
		e := r.pool(t)[instance]
		if e.Verdict != verdict || !strings.Contains(e.Reason, words) {
			return fmt.Errorf("%s is %q: %q", instance, e.Verdict, e.Reason)
		}
		return nil
	})
}

var client = &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 8}}

// traffic asks the proxy from several clients at once and counts who answered.
type traffic struct {
	failures []string
	answers  map[string]int
}

// send sends n requests, a connection each if fresh, and calls each(i) before
// request i on whatever goroutine sends it.
func (r *devRun) send(t *testing.T, n int, fresh bool, each func(i int)) traffic {
	t.Helper()
	const senders = 4
	l := traffic{answers: map[string]int{}}
	var mu sync.Mutex
	var sending sync.WaitGroup
	numbers := make(chan int)
	for range senders {
		sending.Go(func() {
			for i := range numbers {
				each(i)
				who, err := askProxy(r.addr, fresh)
				mu.Lock()
				if err != nil {
					l.failures = append(l.failures, fmt.Sprintf("request %d: %v", i, err))
				}
				l.answers[who]++
				mu.Unlock()
			}
		})
	}
	for i := range n {
		numbers <- i
	}
	close(numbers)
	sending.Wait()
	return l
}

// askProxy sends one request and says which instance answered.
func askProxy(addr string, fresh bool) (string, error) {
	req, err := http.NewRequest(http.MethodGet, "http://"+addr+"/", nil)
	if err != nil {
		return "", err
	}
	req.Close = fresh
	res, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return "", err
	}
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", res.Status, text)
	}
	who, _, _ := strings.Cut(string(text), " ")
	return who, nil
}

// The main promise: instances die and are born, and nobody who asks the proxy
// sees any of it.
func TestNoRequestFailsWhileInstancesComeAndGo(t *testing.T) {
	t.Parallel()
	for name, fresh := range map[string]bool{"with keep-alive": false, "a connection for each request": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := startDev(t, 3)
			defer client.CloseIdleConnections()
			first := r.send(t, 2000, fresh, func(i int) {
				switch i {
				case 500:
					r.control(t, "POST", "/api/instances/app-1/kill", nil)
				case 1000:
					r.control(t, "POST", "/api/instances", nil)
				case 1500:
					r.control(t, "DELETE", "/api/instances/app-2", nil)
				}
			})
			r.awaitUp(t, 2)
			then := r.send(t, 200, fresh, func(int) {})
			for _, failure := range append(first.failures, then.failures...) {
				t.Error(failure)
			}
			if then.answers["app-3"] != 100 || then.answers["app-4"] != 100 {
				t.Errorf("of the last 200 requests %v were answered by each, want 100 by app-3 and app-4", then.answers)
			}
			if first.answers["app-1"] == 0 {
				t.Errorf("app-1 was not asked before it died: %v", first.answers)
			}
		})
	}
}

func TestTheProxySeesHowInstancesBehave(t *testing.T) {
	t.Parallel()
	r := startDev(t, 3)
	defer client.CloseIdleConnections()
	for _, c := range []struct {
		mode, verdict, words string
	}{
		{"failing", "ejected", "consecutive 5xx"},
		{"unhealthy", "down", "503"},
	} {
		t.Run(c.mode, func(t *testing.T) {
			r.control(t, "POST", "/api/instances/app-1/mode?set="+c.mode, nil)
			l := r.send(t, 100, false, func(int) {})
			if len(l.failures) > 0 {
				t.Errorf("clients saw it: %v", l.failures)
			}
			r.awaitVerdict(t, "app-1", c.verdict, c.words)
			r.control(t, "POST", "/api/instances/app-1/mode?set=well", nil)
			r.awaitVerdict(t, "app-1", "up", "")
		})
	}
}

func TestSlowInstancesAnswerLate(t *testing.T) {
	t.Parallel()
	r := startDev(t, 1)
	defer client.CloseIdleConnections()
	r.control(t, "POST", "/api/instances/app-1/mode?set=slow", nil)
	began := time.Now()
	if who, err := askProxy(r.addr, false); err != nil || who != "app-1" {
		t.Fatal(who, err)
	}
	if took := time.Since(began); took < time.Second {
		t.Errorf("a slow instance answered after %s", took)
	}
}

func TestScalingToNoneAndBack(t *testing.T) {
	t.Parallel()
	r := startDev(t, 2)
	defer client.CloseIdleConnections()
	r.control(t, "POST", "/api/scale?to=0", nil)
	r.awaitUp(t, 0)
	if _, err := askProxy(r.addr, false); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("without instances the proxy says %v, want 503", err)
	}
	r.control(t, "POST", "/api/scale?to=4", nil)
	r.awaitUp(t, 4)
	l := r.send(t, 40, false, func(int) {})
	if len(l.failures) > 0 || len(l.answers) != 4 {
		t.Errorf("after scaling to 4: answers %v, failures %v", l.answers, l.failures)
	}
}

func TestDevSaysWhichPortIsTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	ports, err := testkit.FreePorts(2)
	if err != nil {
		t.Fatal(err)
	}
	o := devOptions{
		addr: fmt.Sprintf("127.0.0.1:%d", ports[0]), admin: taken.Addr().String(), control: fmt.Sprintf("127.0.0.1:%d", ports[1]),
	}
	err = dev(o, slog.New(slog.DiscardHandler), io.Discard, nil)
	want := taken.Addr().String() + " is taken; choose another with -admin, for example -admin 127.0.0.1:"
	if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "-addr") {
		t.Errorf("got %v, want one line with %q", err, want)
	}
}

// The third address is nobody's business who chose the two others.
func TestTheControlPageMovesAside(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if got := controlAddr(taken.Addr().String()); got != "127.0.0.1:0" {
		t.Errorf("taken: listens at %s", got)
	}
	if got := controlAddr("127.0.0.1:0"); got != "127.0.0.1:0" {
		t.Errorf("free: listens at %s", got)
	}
}

func TestDevPrintsAConfigurationThatLoads(t *testing.T) {
	var out, problems bytes.Buffer
	if code := dispatch([]string{"dev", "--print-config", "-addr", "127.0.0.1:7188"}, streams{&out, &problems}); code != exitOK {
		t.Fatalf("exit %d: %s", code, &problems)
	}
	c, err := config.Parse("printed.toml", out.String(), os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.Validate(c); err != nil {
		t.Error(err)
	}
	if c.Servers["http"].Addr[0] != "127.0.0.1:7188" {
		t.Errorf("the server listens on %v", c.Servers["http"].Addr)
	}
}

func TestDevRefusesMoreInstancesThanItPlays(t *testing.T) {
	var out, problems bytes.Buffer
	args := []string{"dev", "-instances", strconv.Itoa(playground.Most + 1), "-addr", "127.0.0.1:0", "-admin", "127.0.0.1:0", "-control", "127.0.0.1:0"}
	if code := dispatch(args, streams{&out, &problems}); code != exitUsage || !strings.Contains(problems.String(), "must be 0 to 32") {
		t.Errorf("exit %d: %s", code, &problems)
	}
}

func TestTheGreetingNamesWhatRuns(t *testing.T) {
	t.Parallel()
	r := startDev(t, 1)
	defer client.CloseIdleConnections()
	for _, addr := range []string{r.addr, r.admin, r.devOptions.control} {
		if !strings.Contains(r.greeting, "http://"+addr) {
			t.Errorf("the greeting does not name %s:\n%s", addr, r.greeting)
		}
	}
	for _, left := range []string{"PROXY", "ADMIN", "CONTROL", "REGISTRY", "DNSHOST", "DNSPORT", "SERVICE", "STATUS"} {
		if strings.Contains(r.greeting, left) {
			t.Errorf("the greeting still says %s", left)
		}
	}
}
