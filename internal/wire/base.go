package wire

import "net"

// base is what TLS goes through, so that another poller can watch its socket later: TLS
// itself cannot be given another connection. Whoever changes Conn is the only one who
// uses the connection then, or holds the Conn's locks (swap).
type base struct{ net.Conn }

// Base returns nc for a TLS connection to go through that a loop may watch one day.
func Base(nc net.Conn) net.Conn { return &base{nc} }

// NetConn is the connection itself.
func (b *base) NetConn() net.Conn { return b.Conn }

// CloseWrite ends our side of the stream.
func (b *base) CloseWrite() error {
	if w, ok := b.Conn.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return nil
}

// over is what goes through another connection: TLS, or a base.
type over interface{ NetConn() net.Conn }

// beneath is the connection that a TLS connection goes through; any other itself.
func beneath(nc net.Conn) net.Conn {
	for {
		o, ok := nc.(over)
		if !ok {
			return nc
		}
		nc = o.NetConn()
	}
}

// movable reports whether something else can be put in the place of nc's socket: at b,
// or of nc itself where b is nil.
func movable(nc net.Conn) (b *base, can bool) {
	o, secure := nc.(over)
	if !secure {
		return nil, true
	}
	b, can = o.NetConn().(*base)
	return b, can
}

// moved is nc, which is movable, with another socket.
func moved(nc, socket net.Conn) net.Conn {
	b, _ := movable(nc)
	if b == nil {
		return socket
	}
	b.Conn = socket
	return nc
}
