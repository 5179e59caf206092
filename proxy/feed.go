package proxy

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"

	"pingap-go/message"
	"pingap-go/proxy/http2"
)

// feed is a request's content as the library reads it for a call: what pump is
// for HTTP/1. The library may go on reading after the answer has come, and may
// close the content at any moment; the feed sees to it that nobody reads from the
// client once the exchange is over.
type feed struct {
	call   *call
	r      *http.Request
	source io.Reader
	begun  bool // Read was called; only Read looks at it

	reading sync.Mutex  // held by Read
	err     error       // what ended it; guarded by reading
	stopped atomic.Bool // nobody wants more
	ended   atomic.Bool // all was read

	// The client's connection is the exchange's goroutine's to write to, but
	// while that waits for the answer's head: then it is open to whoever has gate.
	gate    sync.Mutex
	waiting bool // guarded by gate
}

func newFeed(k *call, r *http.Request) *feed {
	x := k.x
	d := &feed{call: k, r: r, source: x.Request.Body, waiting: true}
	switch c := x.streamed(); {
	case x.holds:
		d.source = bytes.NewReader(x.held)
	case c != nil:
		c.next = 0
	case x.reqBody.conn != nil:
		x.reqBody.conn.Large(true)
	}
	x.feed = d
	return d
}

// Read implements io.Reader for the library.
func (d *feed) Read(p []byte) (int, error) {
	d.reading.Lock()
	defer d.reading.Unlock()
	if d.stopped.Load() || !d.invite() {
		return 0, errPumpStopped
	}
	x := d.call.x
	d.call.clock.rest() // it is the client that is waited for
	x.begun = x.begun || !x.holds
	n, err := d.source.Read(p)
	if !x.holds {
		x.record.add(p[:n])
	}
	d.call.clock.touch()
	switch {
	case err == nil:
	case err == io.EOF:
		d.ended.Store(true)
		if d.r.Trailer != nil {
			_ = http2.SetTrailer(d.r, x.trailer()) // parsers have checked them
		}
	default:
		d.err = clientBodyFault(err)
	}
	return n, err
}

// invite tells a client that waits for it to send its content: the host has asked
// for it, or does not care to. Once there is an answer it is too late for that.
func (d *feed) invite() bool {
	x := d.call.x
	if d.begun || !x.Request.ExpectContinue {
		return true
	}
	d.begun = true
	return d.passInterim(&message.Response{Status: http.StatusContinue})
}

// passInterim sends a 1xx response to the client while the answer's head is
// waited for, and reports whether it did.
func (d *feed) passInterim(res *message.Response) bool {
	d.gate.Lock()
	defer d.gate.Unlock()
	return d.waiting && d.call.x.client.interim(res) == nil
}

// Close implements io.Closer for the library, which wants no more. A Read that
// waits for the client is ended if the library may be waiting for that.
func (d *feed) Close() error {
	d.stopped.Store(true)
	if d.reading.TryLock() {
		d.reading.Unlock()
		return nil
	}
	d.gate.Lock()
	defer d.gate.Unlock()
	if d.waiting {
		d.call.x.stopContent()
	}
	return nil
}

// calm says that the answer's head is here.
func (d *feed) calm() {
	d.gate.Lock()
	defer d.gate.Unlock()
	d.waiting = false
	d.call.x.resumeContent()
}

// fault is what went wrong with the client's content, if anything.
func (d *feed) fault() error {
	if !d.reading.TryLock() {
		return nil // it is being waited for
	}
	defer d.reading.Unlock()
	var fault *message.Fault
	if errors.As(d.err, &fault) || errors.Is(d.err, errClientGone) {
		return d.err
	}
	return nil
}

// endFeed stops a feed, if there is one, and waits until nobody reads.
func (x *exchange) endFeed(d *feed) {
	if d == nil || x.feed != d {
		return
	}
	d.stopped.Store(true)
	if !d.reading.TryLock() {
		x.stopContent()
		d.reading.Lock()
	}
	d.reading.Unlock()
	x.resumeContent()
	whole := x.recorded()
	x.feed = nil
	if x.holds {
		return
	}
	if whole {
		x.hold()
	}
	if c := x.reqBody.conn; c != nil {
		c.Large(false)
		if !d.ended.Load() {
			x.reqBody.err = errPumpStopped
		}
	}
}
