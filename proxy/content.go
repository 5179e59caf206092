package proxy

import (
	"io"
	"sync/atomic"
	"time"

	"pingap-go/internal/mono"
	"pingap-go/internal/wire"
	"pingap-go/message"
	"pingap-go/proxy/http1"
)

// content reads the content of one message off a connection, by its framing.
// It hands out views into the connection's buffer, so that a body passes
// through the proxy with one copy less than by Read.
type content struct {
	conn    *wire.Conn
	framing http1.Framing
	left    int64 // of a Length body
	chunked http1.Chunked
	trailer *message.Header
	limit   int64         // most bytes of content allowed; 0 = no bound
	stall   time.Duration // longest wait for more; 0 = leave the deadline alone
	until   int64         // mono time at which the exchange is over; 0 = none
	total   int64         // bytes of content so far
	taken   int           // buffered bytes behind the view that Next gave out
	rest    []byte        // of that view, what Read did not take
	err     error         // why there is no more: io.EOF at the true end
	onWait  func() error  // called before a wait for more; nil = nothing to do then
	asking  atomic.Bool   // more is waited for, or was when the wait ended badly
	heard   atomic.Int64  // mono time at which some came; 0 = not yet, or all is here
}

// start begins the content of a message whose head was just read from conn.
func (b *content) start(conn *wire.Conn, framing http1.Framing, length int64, trailer *message.Header) {
	b.conn, b.framing, b.left, b.trailer = conn, framing, length, trailer
	b.limit, b.stall, b.until, b.total, b.taken, b.rest, b.err, b.onWait = 0, 0, 0, 0, 0, nil, nil, nil
	if b.asking.Load() { // nearly never, and a store would cost far more than the look
		b.asking.Store(false)
	}
	b.complete()
	switch {
	case framing == http1.NoBody || framing == http1.Length && length == 0:
		b.err = io.EOF
	case framing == http1.Chunks:
		b.chunked.Reset()
	}
}

// Next returns the next bytes of content as they lie in the buffer: at least
// one, valid until the following call. At the true end the error is io.EOF.
func (b *content) Next() ([]byte, error) {
	if len(b.rest) > 0 {
		data := b.rest
		b.rest = nil
		return data, nil
	}
	for {
		b.drop()
		if b.err != nil {
			return nil, b.err
		}
		if buf := b.conn.Buffered(); len(buf) > 0 {
			if data := b.decode(buf); len(data) > 0 {
				return data, nil
			}
			if b.taken > 0 || b.err != nil {
				continue
			}
		}
		b.fill()
	}
}

// drop gives up the bytes behind the last view.
func (b *content) drop() {
	if b.taken > 0 {
		b.conn.Discard(b.taken)
		b.taken = 0
	}
}

// decode finds content at the front of buf and notes how much to discard later.
func (b *content) decode(buf []byte) (data []byte) {
	switch b.framing {
	case http1.Length:
		data = buf[:min(int64(len(buf)), b.left)]
		b.taken = len(data)
		b.left -= int64(len(data))
		if b.left == 0 {
			b.err = io.EOF
			b.complete()
		}
	case http1.UntilClose:
		data, b.taken = buf, len(buf)
	default:
		data = b.decodeChunk(buf)
	}
	b.total += int64(len(data))
	if b.limit > 0 && b.total > b.limit {
		b.err = faultBodyTooLarge
		return nil
	}
	return data
}

func (b *content) decodeChunk(buf []byte) []byte {
	data, n, err := b.chunked.Decode(buf)
	b.taken = n
	switch {
	case err != nil:
		b.err = err
		return nil
	case b.chunked.Done():
		b.err = io.EOF
		b.complete()
		if err := b.chunked.Trailer(b.trailer); err != nil {
			b.err = err
		}
	}
	return data
}

// look decodes what is buffered of a chunked body without consuming it, so that a
// body which breaks the rules at once is refused before an upstream hears of it.
func (b *content) look() error {
	decoder := b.chunked // a copy
	for in := b.conn.Buffered(); len(in) > 0 && !decoder.Done(); {
		_, n, err := decoder.Decode(in)
		if err != nil {
			b.err = err
			return err
		}
		in = in[n:]
	}
	return nil
}

// fill waits for more bytes; what ends the wait badly becomes b.err.
func (b *content) fill() {
	if b.onWait != nil {
		if b.onWait() != nil {
			b.err = errClientGone
			return
		}
	}
	if passed(b.until) { // a trickle would set the time-out anew with every byte
		b.asking.Store(true)
		b.err = wire.ErrTimeout
		return
	}
	if b.stall > 0 {
		b.conn.SetTimeout(before(b.until, b.stall))
	}
	b.asking.Store(true)
	err := b.conn.Fill()
	switch {
	case err == nil:
		b.came()
	case err != io.EOF:
		b.err = err
	case b.framing == http1.UntilClose:
		b.err = io.EOF
	default:
		b.err = io.ErrUnexpectedEOF
	}
}

// came notes that some of the content has come.
func (b *content) came() {
	b.heard.Store(mono.Now())
	b.asking.Store(false)
}

// complete notes that nothing is waited for any more.
func (b *content) complete() {
	if b.heard.Load() != 0 {
		b.heard.Store(0)
	}
}

// slow reports whether it is the sender that is waited for: at this moment, or a
// moment ago. Who sends byte by byte is not waited for while one is passed on. Any
// goroutine may call it.
func (b *content) slow() bool {
	heard := b.heard.Load()
	return b.asking.Load() || heard != 0 && mono.Now()-heard < int64(2*wire.Tick)
}

// splice moves the next part of a long Length body to dst inside the kernel, but
// for its last keep bytes. It answers 0 when that is not possible, or no longer
// worth it. dst may take as long as wait says for it; the wait for the body itself
// is b's. What is wrong with the body becomes b.err too.
func (b *content) splice(dst *wire.Conn, keep int64, wait time.Duration) (int64, error) {
	if b.framing != http1.Length || b.left < wire.SpliceAbove || b.err != nil || b.limit > 0 || len(b.rest) > 0 || passed(b.until) {
		return 0, nil
	}
	b.drop()
	if !dst.CanSplice(b.conn) {
		return 0, nil
	}
	pipe, err := wire.TakePipe()
	if err != nil {
		return 0, nil // no descriptors to spare: it is copied
	}
	defer pipe.Give()
	if b.stall > 0 {
		b.conn.SetTimeout(before(b.until, b.stall))
	}
	b.asking.Store(true)
	n, err := pipe.From(b.conn, b.left-keep)
	if err != nil {
		b.err = err
		if err == io.EOF {
			b.err = io.ErrUnexpectedEOF
		}
		return 0, b.err
	}
	b.came()
	dst.SetTimeout(before(b.until, wait))
	if err := pipe.To(dst); err != nil {
		return 0, err
	}
	b.left -= n
	b.total += n
	if b.left == 0 {
		b.err = io.EOF
	}
	return n, nil
}

// ended reports whether everything has been handed out, without waiting.
func (b *content) ended() bool { return b.err != nil }

// whole reports whether the content has come to its true end.
func (b *content) whole() bool { return b.err == io.EOF }

// buffered reads until the rest of a Length body lies in the buffer, and returns
// it without consuming it. It must fit into a buffer.
func (b *content) buffered() ([]byte, error) {
	for b.framing == http1.Length && int64(len(b.conn.Buffered())) < b.left {
		if b.fill(); b.err != nil {
			return nil, b.err
		}
	}
	if b.left == 0 {
		return nil, nil
	}
	return b.conn.Buffered()[:b.left], nil
}

// Read has io.Reader's contract, for plugins and for HTTP/2.
func (b *content) Read(p []byte) (int, error) {
	data, err := b.Next()
	if err != nil {
		return 0, err
	}
	n := copy(p, data)
	b.rest = data[n:]
	return n, nil
}
