package proxy_test

import (
	"bufio"
	"crypto/tls"
	"net"
	"net/http/httptest"
	"testing"
	"time"
)

// overTLS runs a script on the inside of TLS connections.
func overTLS(t *testing.T, script func(*visit)) (serve func(*visit), client *tls.Config) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	server.StartTLS()
	defer server.Close()
	return func(v *visit) {
		cork := &corked{Conn: v.Conn}
		v.Conn = tls.Server(cork, server.TLS)
		v.r = bufio.NewReader(v.Conn)
		script(v)
	}, &tls.Config{InsecureSkipVerify: true}
}

// corked sends what is written while it is in use only with a flush.
type corked struct {
	net.Conn
	on   bool
	held []byte
}

func (c *corked) Write(p []byte) (int, error) {
	if !c.on {
		return c.Conn.Write(p)
	}
	c.held = append(c.held, p...)
	return len(p), nil
}

// together sends texts as TLS records of their own in one segment.
func (v *visit) together(texts ...string) {
	cork := v.Conn.(*tls.Conn).NetConn().(*corked)
	cork.on = true
	for _, text := range texts {
		v.say(text)
	}
	cork.on = false
	_, _ = cork.Conn.Write(cork.held)
	cork.held = nil
}

// TLS hides from a look at the socket what it has read and not yet given out: a
// second answer in a record of its own must be found there, too.
func TestBytesAfterAnAnswerOverTLSAreNotTheNextAnswer(t *testing.T) {
	poison := lines("HTTP/1.1 200 OK", "Content-Length: 6") + "poison"
	for name, late := range map[string]bool{"with the answer": false, "later": true} {
		t.Run(name, func(t *testing.T) {
			seen, sent := make(chan struct{}), make(chan struct{})
			script, config := overTLS(t, func(v *visit) {
				if v.number > 0 {
					always(hello)(v)
					return
				}
				v.request()
				if late {
					v.say(hello)
					<-seen
					v.say(poison)
				} else {
					v.together(hello, poison)
					<-seen
				}
				close(sent)
				v.ended()
			})
			o := newOrigin(t, script)
			r := start(t, func(p *parts) { p.pool.TLS = config }, o)
			r.dial(t).open("/")
			close(seen)
			<-sent
			<-time.After(50 * time.Millisecond) // loopback delivers at once, as a rule
			if a := r.dial(t).ask(get("/innocent"), 200); a.body != "hello" {
				t.Errorf("another client got %q", a.body)
			}
			<-o.visit(t, 0).done
		})
	}
}

// A connection over TLS is kept like any other.
func TestConnectionsOverTLSAreUsedAgain(t *testing.T) {
	script, config := overTLS(t, always(hello))
	o := newOrigin(t, script)
	c := start(t, func(p *parts) { p.pool.TLS = config }, o).dial(t)
	for range 5 {
		c.open("/")
		<-time.After(2 * time.Millisecond)
	}
	if n := o.connections(); n != 1 {
		t.Errorf("%d connections", n)
	}
}
