package proxy

import (
	"pingap-go/internal/wire"
	"pingap-go/proxy/http1"
)

// holdBody gets the request's content ready to be sent. What fits into the read
// buffer and may be replayed is read whole, and can then be sent again; what is
// longer, or of unknown length, is recorded as it passes.
func (x *exchange) holdBody(replay int64) error {
	x.held, x.holds, x.begun, x.record = nil, false, false, recording{}
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
	case x.Request.ContentLength <= replay: // or of a length not known
		x.record.most = replay
	}
	switch {
	case b.framing == http1.Chunks:
		return b.look()
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

// recording is content that is remembered on its way to the upstream. It belongs to
// the pump or the feed while that is at work.
type recording struct {
	data []byte
	most int64 // how much is remembered; 0 = nothing, or no longer
}

func (r *recording) add(p []byte) {
	if r.most == 0 {
		return
	}
	if int64(len(r.data)+len(p)) > r.most {
		r.data, r.most = nil, 0
		return
	}
	r.data = append(r.data, p...)
}

// recorded reports whether the pump or the feed has come to the end of the content
// and remembers all of it. Trailers are not remembered.
func (x *exchange) recorded() bool {
	ended := x.pump != nil && x.pump.finished() || x.feed != nil && x.feed.ended.Load()
	return ended && x.record.most > 0 && x.Request.Trailer.Len() == 0
}

// hold has what was recorded sent as one piece by the tries to come, at once: the
// client was asked for it.
func (x *exchange) hold() {
	x.held, x.holds = x.record.data, true
	x.Request.ContentLength, x.Request.ExpectContinue = int64(len(x.held)), false
}

// kept reports whether all content is here to be sent once more.
func (x *exchange) kept() bool {
	c := x.streamed()
	return x.holds || c != nil && c.whole() || x.recorded()
}

// canResend reports whether the content is still here to be sent, perhaps for the
// first time. It must not be asked while a pump or a feed is at work.
func (x *exchange) canResend() bool { return !x.begun || x.kept() }

// uploading reports whether content is under way that is not kept.
func (x *exchange) uploading() bool {
	pumping := x.pump != nil && !x.pump.finished() && !x.pump.over.Load()
	return !x.holds && (pumping || x.feed != nil && !x.feed.ended.Load())
}
