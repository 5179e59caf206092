package proxy

import (
	"errors"
	"net/http"
	"net/textproto"
	"sync"

	"pingap-go/message"
	"pingap-go/proxy/http2"
)

// hints passes the 103 responses on that come ahead of a call's answer. They are
// met by the goroutine that reads for all streams of a connection, which must not
// wait for one client: the first one starts a goroutine that does.
type hints struct {
	mu      sync.Mutex
	count   int
	queue   []*message.Response
	running bool
	over    bool
	relays  sync.WaitGroup
}

var errManyInterim = errors.New("too many interim responses")

// hint takes a 1xx response. 100 is for the library, which lets the content go
// then, and for the feed, which tells the client.
func (k *call) hint(status int, header textproto.MIMEHeader) error {
	h := &k.hints
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.count++; h.count > maxInterim {
		return errManyInterim
	}
	if status != http.StatusEarlyHints || h.over {
		return nil
	}
	res := new(message.Response)
	http2.Interim(status, http.Header(header), res)
	h.queue = append(h.queue, res)
	if !h.running {
		h.running = true
		h.relays.Go(k.relay)
	}
	return nil
}

// relay sends what is queued to the client.
func (k *call) relay() {
	for {
		res := k.hints.next()
		if res == nil {
			return
		}
		if d := k.feed; d != nil {
			d.passInterim(res)
		} else if k.x.client.interim(res) != nil {
			k.leave()
		}
	}
}

func (h *hints) next() *message.Response {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.queue) == 0 {
		h.running = false
		return nil
	}
	res := h.queue[0]
	h.queue = h.queue[1:]
	return res
}

// end waits until all hints have been passed on; later ones are dropped.
func (h *hints) end() {
	h.mu.Lock()
	h.over = true
	h.mu.Unlock()
	h.relays.Wait()
}
