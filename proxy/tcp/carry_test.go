package tcp_test

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"hash"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"pingap-go/internal/testkit"
	"pingap-go/upstream"
)

func TestBytesPassBothWays(t *testing.T) {
	h := newHost(t, mirror)
	r := start(t, nil, h.addr)
	c := r.dial()
	for _, text := range []string{"hello", "again", string(make([]byte, 100_000))} {
		c.says(text)
		c.hears(text)
	}
	c.halfClose()
	c.ends()
	r.hasMetric(`pingap_requests_total{code="200",location="",server="s",upstream="u"} 1`)
	r.hasMetric(`pingap_upstream_requests_total{code="200",endpoint="` + h.addr + `",upstream="u"} 1`)
	r.hasMetric(`pingap_connections{server="s",state="active"} 0`)
	r.hasMetric(`pingap_requests_in_flight{server="s"} 0`)
	if e := r.of(h.addr); e.InFlight != 0 || e.Requests != 1 || e.Failures != 0 || e.Conns != 0 {
		t.Errorf("%+v", e)
	}
}

func TestWhatIsUnderWayIsCounted(t *testing.T) {
	h := newHost(t, mirror)
	r := start(t, nil, h.addr)
	for range 3 {
		c := r.dial()
		c.says("x")
		c.hears("x")
	}
	r.hasMetric(`pingap_connections{server="s",state="active"} 3`)
	if e := r.of(h.addr); e.InFlight != 3 || e.Conns != 3 {
		t.Errorf("%d in flight, %d connections", e.InFlight, e.Conns)
	}
}

// Either end may have said all and still want to hear the rest; the host may also
// be the one who begins.
func TestTunnelsHalfClose(t *testing.T) {
	t.Run("client first", func(t *testing.T) {
		c := start(t, nil, newHost(t, func(p *peer) {
			said, _ := io.ReadAll(p.Conn)
			p.says("you said " + string(said))
		}).addr).dial()
		c.says("goodbye")
		c.halfClose()
		c.hears("you said goodbye")
		c.ends()
	})
	t.Run("before it is connected", func(t *testing.T) {
		c := start(t, nil, newHost(t, named("welcome")).addr).dial()
		c.halfClose()
		c.hears("welcome")
		c.ends()
	})
	t.Run("host first", func(t *testing.T) {
		heard := make(chan string, 1)
		c := start(t, nil, newHost(t, func(p *peer) {
			p.says("that is all")
			p.halfClose()
			said, _ := io.ReadAll(p.Conn)
			heard <- string(said)
		}).addr).dial()
		c.hears("that is all")
		c.ends()
		c.says("still here")
		c.halfClose()
		if said := <-heard; said != "still here" {
			t.Errorf("the host heard %q", said)
		}
	})
}

// large is what both ends send at once.
const large = 100 << 20

// noise writes n bytes from a seed, and returns their sum.
func noise(w io.Writer, n int, seed uint64) ([]byte, error) {
	sum, source, piece := sha256.New(), rand.NewChaCha8([32]byte{byte(seed)}), make([]byte, 50_000)
	for ; n > 0; n -= len(piece) {
		piece = piece[:min(n, len(piece))]
		source.Read(piece)
		sum.Write(piece)
		if _, err := w.Write(piece); err != nil {
			return nil, err
		}
	}
	return sum.Sum(nil), nil
}

// swap sends a hundred megabytes while it receives as many, and returns the sums.
func swap(t *testing.T, p *peer, seed uint64) (sent, got string) {
	p.SetDeadline(time.Now().Add(4 * patience))
	var sending sync.WaitGroup
	sending.Go(func() {
		sum, err := noise(p.Conn, large, seed)
		if err != nil {
			t.Errorf("send: %v", err)
		}
		sent = string(sum)
		p.halfClose()
	})
	var sum hash.Hash = sha256.New()
	if n, err := io.Copy(sum, p.Conn); err != nil || n != large {
		t.Errorf("received %d bytes, %v", n, err)
	}
	sending.Wait()
	return sent, string(sum.Sum(nil))
}

func TestLargeTransfersArriveWhole(t *testing.T) {
	type sums struct{ sent, got string }
	of := make(chan sums, 1)
	h := newHost(t, func(p *peer) {
		sent, got := swap(t, p, 1)
		of <- sums{sent, got}
	})
	r := start(t, nil, h.addr)
	sent, got := swap(t, r.dial(), 2)
	if host := <-of; sent != host.got || got != host.sent {
		t.Error("what arrived is not what was sent")
	}
	if e := r.of(h.addr); e.Failures != 0 {
		t.Errorf("%d failures", e.Failures)
	}
}

// Whoever goes, the other end is told within a moment.
func TestTunnelEndsWithEitherEnd(t *testing.T) {
	for name, tt := range map[string]struct {
		leave  func(client, host *peer)
		broken bool
	}{
		"client closes":   {func(c, _ *peer) { c.Close() }, false},
		"client is reset": {func(c, _ *peer) { c.reset() }, true},
		"host closes":     {func(_, h *peer) { h.Close() }, false},
		"host is reset":   {func(_, h *peer) { h.reset() }, true},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t, nil)
			r := start(t, nil, h.addr)
			c := r.dial()
			c.says("hello")
			p := h.next()
			p.hears("hello")
			p.says("welcome")
			c.hears("welcome")
			began := time.Now()
			tt.leave(c, p)
			other := c
			if name[0] == 'c' {
				other = p
			}
			if tt.broken {
				other.breaks()
			} else {
				other.ends()
			}
			if took := time.Since(began); took > time.Second+busy {
				t.Errorf("told after %v", took)
			}
			other.Close()
			r.hasMetric(`pingap_connections{server="s",state="active"} 0`)
			if e := r.of(h.addr); e.Failures != 0 || e.Conns != 0 {
				t.Errorf("%d failures, %d connections", e.Failures, e.Conns)
			}
		})
	}
}

// busy is what a busy machine may add to any time that is measured here.
const busy = 2 * time.Second

// A client that is gone is noticed by the first thing that it is sent.
func TestHostThatTalksOnIsToldThatTheClientIsGone(t *testing.T) {
	h := newHost(t, func(p *peer) {
		for {
			if _, err := p.Write(make([]byte, 10_000)); err != nil {
				return
			}
		}
	})
	r := start(t, nil, h.addr)
	c := r.dial()
	c.hears(string(make([]byte, 100_000)))
	c.Close()
	r.hasMetric(`pingap_connections{server="s",state="active"} 0`)
}

// A host that has said all, and takes no more, is not one that broke off: its last
// words arrive, and their end is a clean one.
func TestHostThatAnswersEarlyIsHeard(t *testing.T) {
	h := newHost(t, func(p *peer) {
		p.says("no, thank you")
		p.halfClose()
		io.CopyN(io.Discard, p.Conn, 10_000)
	})
	r := start(t, nil, h.addr)
	c := r.dial()
	c.hears("no, thank you")
	c.ends()
	for range 100 {
		if _, err := c.Write(make([]byte, 10_000)); err != nil {
			break
		}
	}
	c.Close()
	r.hasMetric(`pingap_connections{server="s",state="active"} 0`)
}

// trusted is a certificate's key pair and those who trust it.
func trusted(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	certFile, keyFile := testkit.Certificate(t)
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(certFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	return &tls.Config{Certificates: []tls.Certificate{cert}}, &tls.Config{RootCAs: roots, ServerName: "localhost"}
}

func TestTLSOnEitherSide(t *testing.T) {
	server, client := trusted(t)
	for name, secure := range map[string][2]bool{"to the host": {false, true}, "from clients": {true, false}, "on both": {true, true}} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			if secure[1] {
				l = tls.NewListener(l, server)
			}
			h := serveHost(t, l, func(p *peer) {
				mirror(p)
				p.halfClose()
			})
			r := start(t, func(p *parts) {
				if secure[0] {
					p.tls = server
				}
				if secure[1] {
					p.pool.TLS = client
				}
			}, h.addr)
			c := r.dial()
			if secure[0] {
				c.Conn = tls.Client(c.Conn, client)
			}
			text := string(make([]byte, 1_000_000))
			var sending sync.WaitGroup
			sending.Go(func() { c.says(text); c.halfClose() })
			c.hears(text)
			sending.Wait()
			c.ends()
		})
	}
}

// A host whose certificate is not believed gets nothing.
func TestHostThatIsNotBelieved(t *testing.T) {
	server, _ := trusted(t)
	_, client := trusted(t)
	l, err := tls.Listen("tcp", "127.0.0.1:0", server)
	if err != nil {
		t.Fatal(err)
	}
	h := serveHost(t, l, mirror)
	r := start(t, func(p *parts) { p.pool.TLS = client; p.pool.Retry = upstream.Retry{Attempts: 1} }, h.addr)
	r.turnsAway()
	r.hasMetric(`pingap_upstream_failures_total{reason="handshake",upstream="u"} 1`)
}

// A client that does not come to the point is not waited for.
func TestHandshakeHasItsTime(t *testing.T) {
	server, _ := trusted(t)
	h := newHost(t, mirror)
	r := start(t, func(p *parts) { p.tls = server; p.relay.HandshakeTimeout = 100 * time.Millisecond }, h.addr)
	c := r.dial()
	io.Copy(io.Discard, c.Conn)
	r.hasMetric(`pingap_connections{server="s",state="idle"} 0`)
	if n := h.connections(); n > 0 {
		t.Errorf("the host got %d connections", n)
	}
}

// Plain bytes where TLS is spoken are the client's mistake.
func TestClientThatSpeaksNoTLS(t *testing.T) {
	server, _ := trusted(t)
	h := newHost(t, mirror)
	r := start(t, func(p *parts) { p.tls = server }, h.addr)
	c := r.dial()
	c.says("hello, is anybody there?\n")
	io.Copy(io.Discard, c.Conn)
	r.hasMetric(`pingap_tls_handshake_failures_total{server="s"} 1`)
	r.hasMetric(`pingap_connections{server="s",state="idle"} 0`)
	if n := h.connections(); n > 0 {
		t.Errorf("the host got %d connections", n)
	}
}
