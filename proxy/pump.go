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
	last atomic.Bool   // the last bytes are being written
	done chan struct{} // closed when run has returned
	err  error         // read it after done
}

// errPumpStopped is why a pump ended whose exchange was over before it.
var errPumpStopped = errors.New("request content no longer wanted")

// holdBody gets the request's content ready to be sent. What fits into the read
// buffer and may be replayed is read whole, and can then be sent again.
func (x *exchange) holdBody(replay int64) error {
	x.held, x.holds = nil, false
	b := &x.reqBody
	switch {
	case b.ended():
		x.holds = true
		return nil
	case b.conn == nil:
		if c := x.streamed(); c != nil {
			c.most = replay
		}
		return nil
	case b.framing != http1.Length || b.left > min(replay, wire.LargeBuffer) || x.Request.ExpectContinue:
		return nil
	}
	if _, own := x.Request.Body.(*clientBody); !own {
		return nil // a plugin wrapped it
	}
	data, err := b.buffered()
	if err != nil {
		return err
	}
	x.held, x.holds = data, true
	return nil
}

// canResend reports whether the content is still here to be sent once more.
func (x *exchange) canResend() bool {
	c := x.streamed()
	return x.holds || c != nil && c.whole()
}

// send queues or writes the request: x.upOut holds the head.
func (x *exchange) send(up *upstream.Conn) error {
	switch {
	case x.holds && len(x.held) <= copyBelow:
		x.upOut = append(x.upOut, x.held...)
		up.Queue(x.upOut)
		return nil
	case x.holds:
		return up.WriteParts(x.upOut, x.held, nil)
	case x.Request.ExpectContinue:
		up.Queue(x.upOut)
		return nil
	}
	if err := up.Write(x.upOut); err != nil {
		return err
	}
	x.startPump(up)
	return nil
}

func (x *exchange) startPump(up *upstream.Conn) {
	p := &pump{x: x, up: up, done: make(chan struct{})}
	x.pump = p
	if c := x.streamed(); c != nil {
		c.next = 0
	}
	go p.run()
}

func (p *pump) run() {
	defer close(p.done)
	p.err = p.copy()
	if p.err != nil {
		p.up.Interrupt()
	}
}

// copy sends the content piece by piece in our own framing.
func (p *pump) copy() error {
	x := p.x
	chunked := x.Request.ContentLength == message.UnknownLength
	var sent int64
	next := p.source()
	for {
		data, err := next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return clientBodyFault(err)
		}
		sent += int64(len(data))
		p.last.Store(sent == x.Request.ContentLength)
		if err := p.write(data, chunked); err != nil {
			return err
		}
	}
	p.last.Store(true)
	if !chunked {
		return nil
	}
	out, err := http1.AppendLastChunk(p.out[:0], &x.Request.Trailer)
	if err != nil {
		return err
	}
	return p.up.Write(out)
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

// finished reports whether all content was sent. It waits only for the very
// last write to return.
func (p *pump) finished() bool {
	if p.last.Load() {
		<-p.done
		return p.err == nil
	}
	select {
	case <-p.done:
		return p.err == nil
	default:
		return false
	}
}

// endPump stops the pump, if there is one, and waits for it.
func (x *exchange) endPump() {
	p := x.pump
	if p == nil {
		return
	}
	x.pump = nil
	if !p.finished() {
		select {
		case <-p.done:
		default:
			x.stopContent()
			p.up.Interrupt()
			<-p.done
			p.up.Close()
			x.resumeContent()
			x.reqBody.err = errPumpStopped
		}
	}
	if x.reqBody.conn != nil {
		x.reqBody.conn.Large(false)
	}
	x.holds = false
}

// pumpFault is what went wrong with the client's content, if that is why the
// pump ended.
func (x *exchange) pumpFault() error {
	if x.pump == nil {
		return nil
	}
	select {
	case <-x.pump.done:
	default:
		return nil
	}
	var fault *message.Fault
	if errors.As(x.pump.err, &fault) || errors.Is(x.pump.err, errClientGone) {
		return x.pump.err
	}
	return nil
}

// streamStall is how long a stream may stand still.
func (x *exchange) streamStall() time.Duration {
	return x.site.Limits.Stall
}
