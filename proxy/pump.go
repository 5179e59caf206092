package proxy

import (
	"errors"
	"io"
	"sync/atomic"
	"time"

	"pingap-go/internal/wire"
	"pingap-go/message"
	"pingap-go/proxy/http1"
	"pingap-go/upstream"
)

// pump streams a request's content to the upstream on a goroutine of its own, so
// that the upstream's answer is seen whenever it comes. Only content that does
// not fit into the read buffer, or that waits for 100 Continue, needs one.
type pump struct {
	x    *exchange
	up   *upstream.Conn
	out  []byte
	wait time.Duration // longest that a write, and then the answer, may take
	last atomic.Bool   // the last bytes are being written
	over atomic.Bool   // err is what came of it
	done chan struct{} // closed when run has returned
	err  error         // read it after over
}

// errPumpStopped is why a pump ended whose exchange was over before it.
var errPumpStopped = errors.New("request content no longer wanted")

// lastWrite is how long a pump that is writing its last bytes is waited for when
// the upstream has answered.
const lastWrite = 20 * time.Millisecond

// send queues or writes the request, whose head is here.
func (x *exchange) send(up *upstream.Conn, head []byte, wait time.Duration) error {
	switch {
	case x.holds && len(x.held) <= copyBelow:
		up.Queue(append(head, x.held...))
		return nil
	case x.holds:
		return up.WriteParts(head, x.held, nil)
	case x.Request.ExpectContinue:
		up.Queue(head)
		return nil
	}
	if err := up.Write(head); err != nil {
		return err
	}
	x.startPump(up, wait)
	return nil
}

func (x *exchange) startPump(up *upstream.Conn, wait time.Duration) {
	x.Task.Leave() // until endPump: there are two goroutines now
	p := &pump{x: x, up: up, wait: wait, done: make(chan struct{})}
	x.pump, x.begun = p, true
	if c := x.streamed(); c != nil {
		c.next = 0
	}
	go p.run()
}

// run is the pump's goroutine. What is the client's fault ends the wait for the
// answer; an upstream that takes no more has perhaps answered.
func (p *pump) run() {
	defer close(p.done)
	p.err = p.copy()
	p.over.Store(true)
	if p.fault() != nil {
		p.up.Interrupt()
	}
}

// fault is what went wrong on the client's side, if that is why the pump is over.
func (p *pump) fault() error {
	var fault *message.Fault
	if errors.Is(p.err, errClientGone) || errors.As(p.err, &fault) {
		return p.err
	}
	return nil
}

// copy sends the content piece by piece in our own framing. The upstream's time
// begins anew with each piece, and does not run while it is the client that is
// waited for.
func (p *pump) copy() error {
	x := p.x
	chunked := x.Request.ContentLength == message.UnknownLength
	var sent int64
	next := p.source()
	for {
		p.up.SetTimeout(x.bound(0))
		data, err := next()
		p.up.SetTimeout(x.bound(p.wait))
		if err == io.EOF {
			break
		}
		if err != nil {
			return clientBodyFault(err)
		}
		x.record.add(data)
		sent += int64(len(data))
		p.last.Store(sent == x.Request.ContentLength)
		if err := p.write(data, chunked); err != nil {
			return err
		}
		n, err := p.splice()
		if err != nil {
			return err
		}
		sent += n
	}
	p.last.Store(true)
	if !chunked {
		return nil
	}
	out, err := http1.AppendLastChunk(p.out[:0], x.trailer())
	if err != nil {
		return asFault(err)
	}
	return p.up.Write(out)
}

// splice moves what is long of the content inside the kernel, all but its last
// byte: sending that is what finished waits for.
func (p *pump) splice() (moved int64, err error) {
	if _, own := p.x.Request.Body.(*clientBody); !own || p.x.record.most > 0 {
		return 0, nil
	}
	for {
		p.up.SetTimeout(p.x.bound(0))
		n, err := p.x.reqBody.splice(&p.up.Conn, 1, p.wait)
		moved += n
		switch {
		case err != nil && p.x.reqBody.err != nil:
			return moved, clientBodyFault(err)
		case err != nil || n == 0:
			return moved, err
		}
	}
}

// source yields the content: views of the client's buffer, or what a plugin that
// wrapped the body makes of it.
func (p *pump) source() func() ([]byte, error) {
	x := p.x
	if own, ok := x.Request.Body.(*clientBody); ok {
		own.conn.Large(true)
		return own.Next
	}
	buf := make([]byte, wire.SmallBuffer)
	return func() ([]byte, error) {
		n, err := x.Request.Body.Read(buf)
		if n > 0 {
			return buf[:n], nil
		}
		return nil, err
	}
}

func (p *pump) write(data []byte, chunked bool) error {
	if !chunked {
		return p.up.Write(data)
	}
	p.out = http1.AppendChunkHead(p.out[:0], len(data))
	return p.up.WriteParts(p.out, data, crlf)
}

// finished reports whether all content was sent. It waits, for a moment only,
// when that may be so but the last write has not returned.
func (p *pump) finished() bool {
	if p.last.Load() && !p.over.Load() {
		t := time.NewTimer(lastWrite)
		defer t.Stop()
		select {
		case <-p.done:
		case <-t.C:
		}
	}
	return p.over.Load() && p.err == nil
}

// sentAll reports whether the upstream has got the whole request.
func (x *exchange) sentAll() bool {
	if x.pump != nil {
		return x.pump.finished()
	}
	return x.holds
}

// early reports whether the final answer has come before the last of the request's
// content was on its way. Who answers early may read the rest of the content, or
// take it for the next request: both are to be seen in the wild ("CL.0"), and only
// a new connection is safe from the second.
func (x *exchange) early() bool { return x.pump != nil && !x.pump.last.Load() }

// endPump stops the pump, or the feed, if there is one, and waits for it. If that
// cut the request short, its connection to the upstream can only be closed.
func (x *exchange) endPump() {
	x.endFeed(x.feed)
	p := x.pump
	if p == nil {
		return
	}
	whole := x.recorded()
	x.pump = nil
	b := &x.reqBody
	if !p.finished() {
		p.up.Interrupt()
		x.stopContent()
		<-p.done
		x.resumeContent()
		if b.err == nil {
			b.err = errPumpStopped
		}
	}
	if b.conn != nil {
		b.conn.Large(false)
	}
	x.holds = false
	if whole {
		x.hold()
	}
	x.Task.Return()
}

// pumpFault is what went wrong with the client's content, if that is why the
// pump ended.
func (x *exchange) pumpFault() error {
	if x.pump == nil || !x.pump.over.Load() {
		return nil
	}
	return x.pump.fault()
}
