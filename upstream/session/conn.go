package session

import (
	"net/http"
	"slices"
	"time"
)

// shared is one connection. Its fields are guarded by the group's lock.
type shared struct {
	client  *http.ClientConn
	slots   int       // requests under way
	uses    int       // requests so far
	retired bool      // takes no more requests, and closes with its last
	since   time.Time // when the last request ended
}

// Conn is a slot for one request on a connection to a host. It ends with exactly
// one call of Done.
type Conn struct {
	group  *Group
	shared *shared
	fresh  bool
	sent   bool // the stream that was reserved has been used
}

// Fresh reports whether the connection was made for this request.
func (c *Conn) Fresh() bool { return c.fresh }

// RoundTrip sends the request and waits for the response's head. It may be
// called once.
func (c *Conn) RoundTrip(r *http.Request) (*http.Response, error) {
	c.sent = true
	return c.shared.client.RoundTrip(r)
}

// Retire has the connection take no more requests: it did not answer in time,
// and nobody knows whether that was the host or the way to it.
func (c *Conn) Retire() {
	c.group.mu.Lock()
	defer c.group.mu.Unlock()
	c.shared.retired = true
}

// Done gives the slot back. The response must have been read or closed.
func (c *Conn) Done() {
	g, s := c.group, c.shared
	if !c.sent {
		s.client.Release()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	s.slots--
	s.since = time.Now()
	g.drop(s)
}

// drop closes a connection that is of no more use, and reports whether it did.
// One that has received GOAWAY has no streams to offer.
func (g *Group) drop(s *shared) bool {
	if s.slots > 0 || !s.retired && s.client.Err() == nil && s.client.Available() > 0 {
		return false
	}
	_ = s.client.Close() // nothing is under way on it
	if i := slices.Index(g.conns, s); i >= 0 {
		g.conns = slices.Delete(g.conns, i, i+1)
	}
	return true
}

// Sweep closes the connections that have had no request for longer than idle
// (0 = no bound), and those that are dead.
func (g *Group) Sweep(idle time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, s := range slices.Clone(g.conns) {
		if s.slots == 0 && idle > 0 && time.Since(s.since) > idle {
			s.retired = true
		}
		g.drop(s)
	}
}

// Retire has all connections close when their requests have ended, because the
// host has moved. What it speaks at its new address is not known.
func (g *Group) Retire() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.retire()
}

func (g *Group) retire() {
	g.one = false
	for _, s := range slices.Clone(g.conns) {
		s.retired = true
		g.drop(s)
	}
}

// Close is Retire for good: connections that are still being dialled carry their
// one request and close too.
func (g *Group) Close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.gone = true
	g.retire()
}

// Len is how many connections are open.
func (g *Group) Len() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.conns)
}
