package proxy

import (
	"errors"
	"io"
	"time"

	"pingap-go/internal/wire"
	"pingap-go/upstream"
)

// mayHedge reports whether the same request may go to two hosts at once.
func (f *Forward) mayHedge(x *exchange) bool {
	return x.holds && replayable(x) && x.Request.Upgrade == "" && !f.Location.RequestHeaders.PerTry()
}

// hedge waits for the first bytes of the answer. When they are late, another host
// gets the same request, paid for by the retry budget, and whoever answers first
// becomes the attempt; the other is dropped (Dean and Barroso, "The Tail at
// Scale", 2013). Only a late answer costs goroutines.
func (f *Forward) hedge(x *exchange, a *attempt, after, wait time.Duration) error {
	err := a.up.FillWithin(after)
	if !errors.Is(err, wire.ErrTimeout) {
		return x.hedgeError(err)
	}
	a.up.SetTimeout(x.bound(wait))
	other, ok := f.second(x, wait)
	if !ok {
		return nil // the usual wait goes on
	}
	if x.race(a, &other) {
		*a, other = other, *a
		x.UpstreamAddr = a.lease.Address()
		x.client.watch(&a.up.Conn)
	}
	other.up.Close()
	other.lease.Failed(upstream.Hedged, nil)
	return nil
}

// hedgeError passes on what ended the wait for the first host.
func (x *exchange) hedgeError(err error) error {
	if err == nil {
		return nil
	}
	return x.waitError(err, false)
}

// second sends the request to another host.
func (f *Forward) second(x *exchange, wait time.Duration) (attempt, bool) {
	if !f.Pool.Withdraw(&x.ask) {
		return attempt{}, false
	}
	lease, err := f.lease(x)
	if err != nil {
		return attempt{}, false
	}
	other := attempt{lease: lease, up: lease.Take(false)}
	if other.up == nil {
		if other.up, err = f.dial(x, &other.lease); err != nil {
			reason, _ := explain(err)
			other.lease.Failed(reason, err)
			return attempt{}, false
		}
	}
	other.up.SetTimeout(x.bound(wait))
	if err := other.up.WriteParts(x.upOut, x.unsentHeld(), nil); err != nil {
		other.up.Close()
		other.lease.Failed(upstream.Reset, err)
		return attempt{}, false
	}
	x.Tries++
	f.Pool.Retried(upstream.Hedged)
	return other, true
}

// unsentHeld is the held content that is not part of x.upOut already.
func (x *exchange) unsentHeld() []byte {
	if len(x.held) > copyBelow {
		return x.held
	}
	return nil
}

// race waits for the first of two hosts to answer and reports whether the second
// has won. Both waits are over when it returns; the loser's was interrupted. A
// host that fails loses to one that is still waited for.
func (x *exchange) race(a, b *attempt) (second bool) {
	firstDone, secondDone := make(chan error, 1), make(chan error, 1)
	go awaitAnswer(a.up, firstDone)
	go awaitAnswer(b.up, secondDone)
	select {
	case err := <-firstDone:
		if err == nil {
			b.up.Interrupt()
			<-secondDone
			return false
		}
		return <-secondDone == nil
	case err := <-secondDone:
		if err != nil {
			<-firstDone
			return false
		}
		a.up.Interrupt()
		<-firstDone
		return true
	}
}

// awaitAnswer waits for the first bytes of a host's answer. An end of the stream
// is left to whoever reads on.
func awaitAnswer(up *upstream.Conn, done chan<- error) {
	err := up.Fill()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	done <- err
}
