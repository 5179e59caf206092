package engine

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"pingap-go/internal/testkit"
)

// speaker is an upstream that says its name, and then what it hears.
func speaker(t *testing.T, name string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer nc.Close()
				if _, err := io.WriteString(nc, name); err == nil {
					_, _ = io.Copy(nc, nc)
				}
			})
		}
	})
	t.Cleanup(func() { l.Close(); serving.Wait() })
	return l.Addr().String()
}

// caller is a client of a tcp server.
type caller struct {
	net.Conn
	t *testing.T
}

// call connects to server s, which must lead to the upstream of that name.
func (p *program) call(name string) *caller {
	p.t.Helper()
	nc, err := net.DialTimeout("tcp", p.at["s"], within)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(within))
	c := &caller{nc, p.t}
	c.hears(name)
	return c
}

func (c *caller) hears(want string) {
	c.t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
		c.t.Fatalf("got %q, %v, want %q", got, err, want)
	}
}

// goesOn says that both directions still pass.
func (c *caller) goesOn() {
	c.t.Helper()
	if _, err := io.WriteString(c, "still here"); err != nil {
		c.t.Error(err)
	}
	c.hears("still here")
}

// tcpServer is a server that leads to an address.
func tcpServer(addr string) string {
	return fmt.Sprintf("[upstreams.u]\naddrs = [%q]\n[servers.s]\naddr = \"127.0.0.1:0\"\nprotocol = \"tcp\"\nupstream = \"u\"\n", addr)
}

// httpServer is the same server for requests.
func httpServer(addr, more string) string {
	return fmt.Sprintf("[upstreams.u]\naddrs = [%q]\n[locations.l]\nupstream = \"u\"\n[servers.s]\naddr = \"127.0.0.1:0\"\n%s", addr, more)
}

func TestReloadMovesNewConnectionsOnly(t *testing.T) {
	a, b := speaker(t, "a"), speaker(t, "b")
	p := start(t, tcpServer(a))
	first := p.call("a")
	p.reload(tcpServer(b))
	second := p.call("b")
	first.goesOn()
	second.goesOn()
	if _, err := p.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	first.goesOn()
	second.goesOn()
}

func TestServerTurnsFromTCPToHTTP(t *testing.T) {
	p := start(t, tcpServer(speaker(t, "a")))
	c := p.call("a")
	p.reload(httpServer(instance(t, "web"), ""))
	if err := p.says("s", "http://any/x", 200, "web /x"); err != nil {
		t.Error(err)
	}
	c.goesOn()
}

// Requests under way are answered, and connections without one are closed: nobody
// takes requests there any more.
func TestServerTurnsFromHTTPToTCP(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	slow := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(arrived)
			<-release
		}
		io.WriteString(w, "done")
	})}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() { slow.Serve(l) })
	t.Cleanup(func() { slow.Close(); serving.Wait() })

	p := start(t, httpServer(l.Addr().String(), "enable_http2 = true\n"))
	idle, busy := p.keepAlive(), p.keepAlive()
	two := p.overHTTP2()
	if _, err := io.WriteString(busy, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-arrived
	p.reload(tcpServer(speaker(t, "a")))
	c := p.call("a")
	if rest, err := io.ReadAll(idle); len(rest) > 0 || err != nil {
		t.Errorf("an idle connection: %q, %v", rest, err)
	}
	close(release)
	res, err := http.ReadResponse(bufio.NewReader(busy), nil)
	if err != nil || res.StatusCode != 200 || !res.Close {
		t.Errorf("a busy connection: %v, %v", res, err)
	}
	testkit.Eventually(t, within, func() error {
		if res, err := two.Get("http://" + p.at["s"] + "/"); err == nil {
			res.Body.Close()
			return fmt.Errorf("HTTP/2 is still answered: %d", res.StatusCode)
		}
		return nil
	})
	c.goesOn()
	if n := p.servedBy("s"); n != 1 {
		t.Errorf("%d connections are left", n)
	}
}

// scrape is the exposition of the metrics.
func (p *program) scrape() string {
	w := httptest.NewRecorder()
	p.metrics.Handler(testLog()).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return w.Body.String()
}

// servedBy waits until no connection of a server is idle, and counts the active ones.
func (p *program) servedBy(server string) (open int) {
	line := fmt.Sprintf("pingap_connections{server=%q,state=\"idle\"} 0\n", server)
	testkit.Eventually(p.t, within, func() error {
		if text := p.scrape(); !strings.Contains(text, line) {
			return errors.New("there are idle connections")
		}
		return nil
	})
	for l := range strings.Lines(p.scrape()) {
		if rest, ok := strings.CutPrefix(l, fmt.Sprintf("pingap_connections{server=%q,state=\"active\"} ", server)); ok {
			fmt.Sscan(rest, &open)
		}
	}
	return open
}

// keepAlive is a connection on which a request was answered.
func (p *program) keepAlive() net.Conn {
	p.t.Helper()
	nc, err := net.Dial("tcp", p.at["s"])
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(within))
	if _, err := io.WriteString(nc, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		p.t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(nc), nil)
	if err != nil || res.StatusCode != 200 {
		p.t.Fatalf("%v, %v", res, err)
	}
	io.Copy(io.Discard, res.Body)
	return nc
}

// overHTTP2 is a client with a connection that speaks HTTP/2.
func (p *program) overHTTP2() *http.Client {
	p.t.Helper()
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	p.t.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport, Timeout: within}
	res, err := client.Get("http://" + p.at["s"] + "/")
	if err != nil || res.ProtoMajor != 2 {
		p.t.Fatalf("%v, %v", res, err)
	}
	io.Copy(io.Discard, res.Body)
	res.Body.Close()
	return client
}

// A host that its registry has removed serves on for whom it has.
func TestConnectionsOutliveTheRemovalOfTheirHost(t *testing.T) {
	a, b := speaker(t, "a"), speaker(t, "b")
	file := t.TempDir() + "/members"
	write := func(addr string) {
		if err := os.WriteFile(file+"~", fmt.Appendf(nil, "[[endpoints]]\naddress = %q\n", addr), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file+"~", file); err != nil {
			t.Fatal(err)
		}
	}
	write(a)
	p := start(t, fmt.Sprintf("[upstreams.u]\ndiscovery = \"file\"\naddrs = [%q]\n[servers.s]\naddr = \"127.0.0.1:0\"\nprotocol = \"tcp\"\nupstream = \"u\"\n", file))
	first := p.call("a")
	write(b)
	testkit.Eventually(t, within, func() error {
		pool, _ := p.adminPool("u")
		for i := range pool.Len {
			if e := pool.Endpoint(i); e.Address == a && e.Verdict == "draining" && e.InFlight == 1 {
				return nil
			}
		}
		return errors.New("the host is not draining")
	})
	p.call("b")
	first.goesOn()
}

func TestTCPServerWithTLS(t *testing.T) {
	cert, key := testkit.Certificate(t)
	p := start(t, tcpServer(speaker(t, "a"))+fmt.Sprintf("tls_cert = %q\ntls_key = %q\n", cert, key))
	nc, err := p.greet(cert, &tls.Config{NextProtos: []string{"h2", "http/1.1", "postgresql"}})
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if chosen := nc.ConnectionState().NegotiatedProtocol; chosen != "" {
		t.Errorf("chose %q for a protocol that it does not know", chosen)
	}
	nc.SetDeadline(time.Now().Add(within))
	(&caller{nc, t}).hears("a")
}

// The time that connections have is nearly all of shutdown_timeout, and their end is
// no failure of the drain.
func TestDrainGivesConnectionsItsTime(t *testing.T) {
	p := start(t, tcpServer(speaker(t, "a")))
	finishes, stays := p.call("a"), p.call("a")
	began, done := time.Now(), make(chan error, 1)
	var stopping sync.WaitGroup
	stopping.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*within)
		defer cancel()
		done <- p.Shutdown(ctx)
	})
	testkit.Eventually(t, within, func() error {
		nc, err := net.Dial("tcp", p.at["s"])
		if err == nil {
			nc.Close()
			return errors.New("it still listens")
		}
		return nil
	})
	finishes.goesOn()
	finishes.Conn.(*net.TCPConn).CloseWrite()
	if rest, err := io.ReadAll(finishes); len(rest) > 0 || err != nil {
		t.Errorf("%q, %v", rest, err)
	}
	stays.goesOn()
	if _, err := io.ReadAll(stays); err == nil {
		t.Error("what we have cut looks like a clean end")
	}
	if err := <-done; err != nil {
		t.Errorf("the drain failed: %v", err)
	}
	stopping.Wait()
	if took := time.Since(began); took < 3*time.Second { // of 5s; WebSockets have half of them
		t.Errorf("ended after %v", took)
	}
}

// A server that a reload has taken away takes nobody more, and lets finish whom it has.
func TestRemovedServerLetsConnectionsFinish(t *testing.T) {
	a := speaker(t, "a")
	p := start(t, tcpServer(a))
	c, was := p.call("a"), p.at["s"]
	p.reload(strings.NewReplacer("servers.s", "servers.other", "127.0.0.1:0", "127.0.0.2:0").Replace(tcpServer(a)))
	testkit.Eventually(t, within, func() error {
		nc, err := net.Dial("tcp", was)
		if err == nil {
			nc.Close()
			return errors.New("it still listens")
		}
		return nil
	})
	c.goesOn()
	c.Conn.(*net.TCPConn).CloseWrite()
	if rest, err := io.ReadAll(c); len(rest) > 0 || err != nil {
		t.Errorf("%q, %v", rest, err)
	}
}

func TestRoutesShowTCPServers(t *testing.T) {
	p := start(t, tcpServer(speaker(t, "a")))
	routes := p.adminRoutes()
	if len(routes) != 1 || routes[0].Server != "s" || routes[0].Protocol != "tcp" || routes[0].Upstream != "u" {
		t.Errorf("%+v", routes)
	}
}
