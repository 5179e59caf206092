package e2e

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pingap-go/internal/testkit"
)

const consulTCP = `
[basic]
state_dir = "${STATE}"
[admin]
addr = "${ADMIN}"
[consul]
address = "${CONSUL}"
[upstreams.db]
discovery = "consul"
service = "db"
[servers.db]
addr = "${PROXY}"
protocol = "tcp"
upstream = "db"
`

// wire is a client's connection, which tells by whom it is served. The instances
// speak HTTP, of which the proxy knows nothing here.
type wire struct {
	net.Conn
	r *bufio.Reader
}

func (f *face) connect() (*wire, error) {
	nc, err := net.DialTimeout("tcp", f.proxy, patience)
	if err != nil {
		return nil, err
	}
	return &wire{nc, bufio.NewReader(nc)}, nil
}

// ask says who is at the other end.
func (w *wire) ask() (name string, err error) {
	w.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(w, "GET / HTTP/1.1\r\nHost: db\r\n\r\n"); err != nil {
		return "", err
	}
	res, err := http.ReadResponse(w.r, nil)
	if err != nil {
		return "", err
	}
	body, err := io.ReadAll(res.Body)
	return string(body), err
}

// comers are clients that come, ask and go, one after the other, until end.
type comers struct {
	stop   chan struct{}
	there  sync.WaitGroup
	served atomic.Int64
	mu     sync.Mutex
	failed []string
}

func (f *face) comers(n int) *comers {
	c := &comers{stop: make(chan struct{})}
	for range n {
		c.there.Go(func() { c.come(f) })
	}
	return c
}

func (c *comers) come(f *face) {
	for {
		select {
		case <-c.stop:
			return
		default:
		}
		w, err := f.connect()
		if err == nil {
			_, err = w.ask()
			w.Close()
		}
		c.served.Add(1)
		if err != nil {
			c.mu.Lock()
			c.failed = append(c.failed, err.Error())
			c.mu.Unlock()
		}
	}
}

// more waits until so many more have come.
func (c *comers) more(t *testing.T, n int64) {
	t.Helper()
	target := c.served.Load() + n
	testkit.Eventually(t, 3*patience, func() error {
		if c.served.Load() < target {
			return errors.New("nobody comes")
		}
		return nil
	})
}

func (c *comers) end() []string {
	close(c.stop)
	c.there.Wait()
	return c.failed
}

// hold connects until there is a connection to each of the instances named.
func (f *face) hold(names ...string) map[string]*wire {
	f.stage.Helper()
	held := map[string]*wire{}
	for range 100 {
		w, err := f.connect()
		if err != nil {
			f.stage.Fatal(err)
		}
		f.stage.Cleanup(func() { w.Close() })
		name, err := w.ask()
		if err != nil {
			f.stage.Fatal(err)
		}
		held[name] = w
		if len(held) == len(names) {
			return held
		}
	}
	f.stage.Fatalf("only %v are served by", held)
	return nil
}

// A TCP service in Consul: an instance is stopped, taken out, killed and brought
// back. Who comes is served by the others, and who is connected stays so as long as
// the instance does.
func TestTCPServerFollowsConsul(t *testing.T) {
	agent := consulAgent(t, false)
	s := newStage(t)
	s.env["CONSUL"] = agent.HTTPAddr
	a, b := s.instance("a"), s.instance("b")
	agent.Register(t, testkit.Instance("db", "a", a.addr))
	agent.Register(t, testkit.Instance("db", "b", b.addr))
	p := s.boot(consulTCP)
	p.awaitUp("db", patience, "a", "b")
	held := p.hold("a", "b")
	c := p.comers(4)
	c.more(t, 50)

	agent.Deregister(t, "a") // its instance lives on, and so does what it serves
	p.awaitUp("db", patience, "b")
	for name, w := range held {
		if got, err := w.ask(); got != name || err != nil {
			t.Errorf("after it has left the catalog: %q, %v, want %s", got, err, name)
		}
	}
	agent.Register(t, testkit.Instance("db", "a", a.addr))
	p.awaitUp("db", patience, "a", "b")
	c.more(t, 50)
	if failed := c.end(); len(failed) > 0 {
		t.Errorf("%d of %d clients failed: %s", len(failed), c.served.Load(), failed[0])
	}

	b.kill() // while Consul still takes it for well
	if _, err := held["b"].ask(); err == nil {
		t.Error("a connection to an instance that was killed goes on")
	}
	c = p.comers(4)
	c.more(t, 200)
	if failed := c.end(); len(failed) > 0 {
		t.Errorf("with one instance dead %d of %d clients failed: %s", len(failed), c.served.Load(), failed[0])
	}
	if got, err := held["a"].ask(); got != "a" || err != nil {
		t.Errorf("the other's connection: %q, %v", got, err)
	}
	b.comeBack(t)
	testkit.Eventually(t, 3*patience, func() error {
		w, err := p.connect()
		if err != nil {
			return err
		}
		defer w.Close()
		name, err := w.ask()
		if err == nil && name != "b" {
			err = fmt.Errorf("served by %s", name)
		}
		return err
	})
	for _, line := range []string{
		`pingap_connections{server="db",state="active"}`, `pingap_upstream_requests_total{code="200",endpoint="a",upstream="db"}`,
		`pingap_upstream_failures_total{reason="connect",upstream="db"}`, `pingap_requests_total{code="200",location="",server="db",upstream="db"}`,
	} {
		if text := p.admin("GET", "/metrics").body; !strings.Contains(text, line) {
			t.Errorf("the metrics lack %s", line)
		}
	}
	for path, want := range map[string]string{
		"/api/v1/routes": `"protocol":"tcp","location":""`, "/readyz": "ok", "/api/v1/upstreams/db": `"in_flight":1`,
	} {
		if r := p.admin("GET", path); r.StatusCode != 200 || !strings.Contains(r.body, want) {
			t.Errorf("%s: %d %s, want %s", path, r.StatusCode, r.body, want)
		}
	}
	held["a"].Close()
}
