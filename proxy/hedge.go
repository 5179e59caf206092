package proxy

import (
	"context"
	"errors"
	"time"

	"pingap-go/internal/mono"
	"pingap-go/internal/wire"
	"pingap-go/proxy/http1"
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
	if !f.untried(x) || !f.Pool.Withdraw(&x.ask) {
		return nil // the usual wait goes on
	}
	out, err := http1.AppendRequest(nil, &x.Request) // the first host's went back when it was sent
	if err != nil {
		return unsendable(err)
	}
	lease, err := f.leaseNow(x)
	if err != nil {
		return nil
	}
	lease.For(x.Task)
	x.Tries++
	f.Pool.Retried(upstream.Hedged)
	other := attempt{lease: lease, began: mono.Now()}
	other.up = lease.Take(other.began, false, x.Task.Loop())
	won, why := f.race(x, a, &other, out, wait)
	if won {
		*a, other = other, *a
		x.UpstreamAddr = a.lease.Address()
		x.goWith(&a.up.Conn)
		x.client.watch(&a.up.Conn)
	}
	if other.up != nil {
		other.up.Close()
	}
	reason := upstream.Hedged
	if why != nil {
		reason, _ = explain(why)
	}
	other.lease.Failed(reason, why)
	return nil
}

// hedgeError passes on what ended the wait for the first host.
func (x *exchange) hedgeError(err error) error {
	if err == nil {
		return nil
	}
	return x.waitError(err, false)
}

// race asks the second host as well, waits for the first of the two to answer and
// reports whether the second has won. Both waits are over when it returns; the
// loser's was interrupted. A host that fails loses to one that is still waited for,
// and why it did is returned.
func (f *Forward) race(x *exchange, a, b *attempt, out []byte, wait time.Duration) (second bool, loser error) {
	x.Task.Leave()
	defer x.Task.Return()
	ctx, cancel := context.WithCancel(x.Context())
	defer cancel()
	firstDone, secondDone := make(chan error, 1), make(chan error, 1)
	go a.await(firstDone)
	go f.join(ctx, x, b, out, wait, secondDone)
	select {
	case err := <-firstDone:
		if err == nil || errors.Is(err, wire.ErrInterrupted) { // or the client has gone
			cancel()
			<-secondDone
			return false, nil
		}
		if other := <-secondDone; other != nil {
			return false, f.lost(x, other)
		}
		return true, f.lost(x, err)
	case err := <-secondDone:
		if err != nil {
			<-firstDone
			return false, f.lost(x, err)
		}
		a.up.Interrupt()
		<-firstDone
		return true, nil
	}
}

// await waits for the first bytes of the answer.
func (a *attempt) await(done chan<- error) { done <- a.up.Fill() }

// join sends the request, whose head is out, to the second host, over a new connection if need be, and
// waits for the first bytes of the answer, until ctx ends.
func (f *Forward) join(ctx context.Context, x *exchange, b *attempt, out []byte, wait time.Duration, done chan<- error) {
	if b.up == nil {
		up, err := b.lease.Dial(ctx, x.bound(f.Location.ConnectTimeout), x.Task.Loop())
		if err != nil {
			done <- &dialError{err}
			return
		}
		b.up = up
	}
	stop := context.AfterFunc(ctx, b.up.Interrupt)
	b.up.SetTimeout(x.bound(wait))
	err := b.up.WriteParts(out, x.held, nil)
	if err == nil {
		err = b.up.Fill()
	}
	stop() // before anybody hears of it: the winner's connection is not to be interrupted
	done <- err
}

// lost is why a host has lost by its own fault.
func (f *Forward) lost(x *exchange, err error) error {
	if err = x.waitError(err, false); errors.Is(err, wire.ErrTimeout) {
		return f.waited(x)
	}
	return err
}
