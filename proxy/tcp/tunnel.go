package tcp

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"syscall"

	"pingap-go/internal/mono"
	"pingap-go/internal/wire"
	"pingap-go/upstream"
)

// Tunnel is one client's connection with the one to the host that it is relayed to.
// Serve owns both, until two goroutines carry the two directions; the last of them
// ends everything.
type Tunnel struct {
	relay  *Relay
	owner  Owner
	ip     string
	conn   wire.Conn      // the client's
	secure *tls.Conn      // the same, nil when plain
	up     *upstream.Conn // the host's
	lease  upstream.Lease
	code   int
	began  int64 // mono time

	ctx    context.Context // ends when all must
	cancel context.CancelFunc

	client, host end
	in, out      wire.Flow    // from the client, and to it
	carrying     atomic.Int32 // directions that have not ended

	connected atomic.Bool // the host's part is there
	proven    atomic.Bool // the host has had its evidence
	watch     watch
}

// end is one of the two connections, as far as it has come to its end.
type end struct {
	*wire.Conn
	broken atomic.Bool // it did not end cleanly
	told   bool        // that the other one has ended
}

// NewTunnel makes a tunnel of a client's connection, from an address that hash
// policies go by.
func (r *Relay) NewTunnel(nc net.Conn, ip string, owner Owner) *Tunnel {
	t := &Tunnel{relay: r, owner: owner, ip: ip}
	t.secure, _ = nc.(*tls.Conn)
	t.ctx, t.cancel = context.WithCancel(context.Background())
	t.client.Conn = &t.conn
	t.conn.OnTick = t.tick
	t.conn.Init(nc, owner.Watchdog)
	return t
}

// Serve connects the client and returns when bytes are on their way.
func (t *Tunnel) Serve() {
	if err := t.greet(); err != nil { // it has asked for nothing
		t.owner.Ungreeted(t.secure, err)
		t.close()
		return
	}
	t.relay.Server.Busy()
	t.relay.Server.Begin()
	t.began, t.code = mono.Now(), codeDone
	if err := t.connect(); err != nil {
		t.relay.complain(err)
		t.code = codeOf(err)
		t.finish()
		return
	}
	t.host.Conn = &t.up.Conn
	t.in.From, t.in.To = t.client.Conn, t.host.Conn
	t.out.From, t.out.To = t.host.Conn, t.client.Conn
	t.carrying.Store(2)
	t.connected.Store(true)
	if t.ctx.Err() != nil {
		t.cut()
	}
	// On goroutines of their own for their small stacks: connecting has made this
	// one's large.
	go t.upwards()
	go t.downwards()
}

// greet does TLS's handshake where the server speaks TLS.
func (t *Tunnel) greet() error {
	if t.secure == nil {
		return nil
	}
	t.conn.SetTimeout(t.relay.HandshakeTimeout)
	defer t.conn.SetTimeout(0)
	return t.secure.Handshake()
}

// upwards carries what the client sends.
func (t *Tunnel) upwards() { t.carry(&t.in, &t.client, &t.host) }

// downwards carries what the host sends.
func (t *Tunnel) downwards() { t.carry(&t.out, &t.host, &t.client) }

// carry moves one direction to its end and passes that on. The other may go on, as
// protocols that half-close rely on it.
func (t *Tunnel) carry(f *wire.Flow, from, to *end) {
	read, write := f.Run()
	switch {
	case write != nil:
		// What to has said before it went, if it has, is still to come: the other
		// direction will find out, and end.
		to.breaks(write)
	case read == io.EOF && !from.broken.Load():
		to.told = to.CloseWrite() == nil
	default: // nothing can be said to who is gone
		from.breaks(read)
		t.cut()
	}
	if t.carrying.Add(-1) == 0 {
		t.settle()
		t.finish()
	}
}

// breaks notes what an error says about how a connection has ended. Who closes in
// an orderly way and is written to after that has ended before it reset us (EPIPE);
// that we have cut the tunnel is neither's doing.
func (e *end) breaks(err error) {
	if !errors.Is(err, syscall.EPIPE) && err != wire.ErrInterrupted {
		e.broken.Store(true)
	}
}

// settle ends the lease. Only an end before the first byte speaks against the host:
// what comes later may be how its protocol ends.
func (t *Tunnel) settle() {
	silent := t.host.broken.Load() && t.out.Moved.Load() == 0
	if silent {
		t.code = codeUnconnected
	}
	switch {
	case t.proven.Swap(true):
		t.lease.Left()
	case silent:
		t.lease.Broke(upstream.Reset, errSilent)
	default:
		t.lease.Done()
	}
	t.host.shut()
	_ = t.up.Close() // counts it out; its socket is closed
}

// errSilent is why a host that took a connection is thought to be ill.
var errSilent = errors.New("it broke off the connection before it had said anything")

// finish counts the tunnel.
func (t *Tunnel) finish() {
	r := t.relay
	r.Metrics.Done(t.code, mono.Since(t.began))
	r.Server.End()
	r.Server.Idle()
	t.close()
}

// close lets go of the client, and of the tunnel.
func (t *Tunnel) close() {
	t.client.shut()
	t.cancel()
	t.owner.Ended(t)
}

// shut closes a connection. Who was not told that the other side has come to its
// end must not believe so.
func (e *end) shut() {
	if e.told {
		_ = e.Conn.Close() // fails only on a closed one
	} else {
		_ = e.Abort() // here too
	}
}

// cut ends whatever the tunnel is doing. Any goroutine may call it.
func (t *Tunnel) cut() {
	t.cancel()
	t.conn.Interrupt()
	if t.connected.Load() {
		t.host.Interrupt()
	}
}

// Sever has the tunnel end now. Any goroutine may call it.
func (t *Tunnel) Sever() error {
	t.cut()
	return nil
}
