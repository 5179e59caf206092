package e2e

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"pingap-go/internal/testkit"
)

const single = `
[upstreams.api]
addrs = ["${A}"]
[locations.api]
upstream = "api"
`

const pair = `
[upstreams.api]
addrs = ["${A}", "${B}"]
[locations.api]
upstream = "api"
`

func TestSIGTERMUnderLoadFailsNoRequest(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(signal.String(), func(t *testing.T) {
			s := newStage(t)
			s.instance("A")
			s.instance("B")
			p := s.run(head + pair)
			l := s.load(plan{clients: 16, leaves: true})
			l.more(500)
			p.signal(signal)
			l.awaitLeft()
			p.wantExit(0)
			l.end().wantNoFailure(t)
		})
	}
}

// What has begun is finished, however slow, and a drain does not wait for more.
func TestADrainWaitsForARequestThatIsUnderWay(t *testing.T) {
	s := newStage(t)
	a := s.instance("A")
	begun := make(chan struct{})
	a.behave(func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		slowly(700*time.Millisecond, a.greet)(w, r)
	})
	p := s.run(head + single)
	answered := make(chan error, 1)
	go func() {
		res, err := p.client.Get("http://" + p.proxy + "/")
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode != 200 || !res.Close {
				err = fmt.Errorf("%s, Connection: close is %t", res.Status, res.Close)
			}
		}
		answered <- err
	}()
	<-begun
	p.signal(syscall.SIGTERM)
	if err := <-answered; err != nil {
		t.Error(err)
	}
	p.wantExit(0)
}

func TestASecondSignalEndsAtOnce(t *testing.T) {
	s := newStage(t)
	a := s.instance("A")
	begun := make(chan struct{})
	a.behave(func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
	})
	p := s.run(head + single)
	cut := make(chan error, 1)
	go func() {
		res, err := p.client.Get("http://" + p.proxy + "/")
		if err == nil {
			_ = res.Body.Close()
		}
		cut <- err
	}()
	<-begun
	p.signal(syscall.SIGTERM)
	p.err.awaitText(t, "draining")
	began := time.Now()
	p.signal(syscall.SIGTERM)
	p.wantExit(1)
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("the end took %s", took)
	}
	if <-cut == nil {
		t.Error("the request that was cut off was answered")
	}
}

// During drain_delay everything is still served, only /readyz says no: whoever
// sends us requests has time to look elsewhere.
func TestDrainDelayFailsReadinessFirst(t *testing.T) {
	s := newStage(t)
	s.instance("A")
	s.instance("B")
	p := s.run(strings.Replace(head, "[basic]", "[basic]\ndrain_delay = \"1s\"", 1) + pair)
	l := s.load(plan{clients: 4, leaves: true})
	l.more(100)
	began := time.Now()
	p.signal(syscall.SIGTERM)
	testkit.Eventually(t, 900*time.Millisecond, func() error {
		r, err := p.tryAdmin("GET", "/readyz")
		if err == nil && r.StatusCode != 503 {
			err = fmt.Errorf("/readyz says %d", r.StatusCode)
		}
		return err
	})
	if r := p.get("/"); r.StatusCode != 200 || !r.Close {
		t.Errorf("during the delay a request gets %d, Connection: close is %t", r.StatusCode, r.Close)
	}
	if r, err := p.tryAdmin("GET", "/livez"); err != nil || r.StatusCode != 200 {
		t.Errorf("/livez says %v %v", r.Response, err)
	}
	l.awaitLeft()
	if took := time.Since(began); took < 900*time.Millisecond {
		t.Errorf("clients were refused after %s", took)
	}
	p.wantExit(0)
	l.end().wantNoFailure(t)
}

// A tunnel has no end of its own: it gets a part of shutdown_timeout to say what
// is under way, and a drain that had nothing else to cut off is a clean one.
func TestADrainEndsTunnelsWithinAShortShutdownTimeout(t *testing.T) {
	s := newStage(t)
	s.instance("A").behave(mirror)
	p := s.run(strings.Replace(head, "[basic]", "[basic]\nshutdown_timeout = \"2s\"", 1) + single)
	_, in := p.tunnel()
	p.signal(syscall.SIGTERM)
	if _, err := in.ReadByte(); err == nil {
		t.Error("the tunnel says something")
	}
	p.wantExit(0)
}

func TestShutdownTimeoutCutsOffWhatDoesNotEnd(t *testing.T) {
	s := newStage(t)
	a := s.instance("A")
	begun := make(chan struct{})
	a.behave(func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
	})
	p := s.run(strings.Replace(head, "[basic]", "[basic]\nshutdown_timeout = \"300ms\"", 1) + single)
	cut := make(chan error, 1)
	go func() {
		res, err := p.client.Get("http://" + p.proxy + "/")
		if err == nil {
			_ = res.Body.Close()
			err = errors.New(res.Status)
		}
		cut <- err
	}()
	<-begun
	p.signal(syscall.SIGTERM)
	if err := <-cut; err == nil {
		t.Error("no answer and no error")
	}
	p.wantExit(1)
}

// Whoever keeps a connection to the admin API, used or not, does not keep the
// program.
func TestADrainDoesNotWaitForTheAdminAPI(t *testing.T) {
	s := newStage(t)
	s.instance("A")
	p := s.run(head + single)
	unused, err := net.Dial("tcp", p.api)
	if err != nil {
		t.Fatal(err)
	}
	defer unused.Close()
	p.admin("GET", "/livez") // it came after, so that one was accepted
	began := time.Now()
	p.signal(syscall.SIGTERM)
	p.wantExit(0)
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("the end took %s", took)
	}
}
