package loop

// readiness is what an event says of a socket.
type readiness uint8

const (
	readable readiness = 1 << iota
	writable
	ended // the peer has ended its side, or the connection broke; or reads may be cut short
)

// most is how many events a poller brings at once.
const most = 128
