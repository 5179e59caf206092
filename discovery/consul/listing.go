package consul

import (
	"encoding/json"
	"fmt"
	"hash/maphash"
	"io"
	"sync"

	"pingap-go/endpoint"
	"pingap-go/internal/pace"
)

// mostInstances bounds the list of one service, of which each element takes hundreds of
// bytes here although it may have been three on the way.
const mostInstances = 100_000

var errInstances = fmt.Errorf("it has more than %d", mostInstances)

// listing reads the answers of the health endpoint, one after the other. Of a
// service of thousands of instances an answer brings one that changed and all the
// others again, so elements whose bytes were in the answer before are not decoded
// anew: they are told by their hash. Nor are they looked through for their end where
// they follow each other as they did before. A listing belongs to one watch.
type listing struct {
	tags    []string // all must be on an instance
	warning bool     // instances in that status may serve
	buffers *sync.Pool
	pace    pace.Pace // requests need not wait for a long answer to be read

	seed  maphash.Seed
	last  answered // what the last answer had
	spare answered // room for the next one's

	endpoints []endpoint.Endpoint // of the last answer, those with the tags
	critical  []int               // places in endpoints of those that only a check bars
	instances int                 // in the last answer, whatever their tags
}

// answered are the elements of one answer, by hash and in their order.
type answered struct {
	known map[uint64]*described
	order []*described
}

// described is what an element of the list came to.
type described struct {
	hash     uint64
	length   int
	place    int // in the order of the last answer that had it
	endpoint endpoint.Endpoint
	wanted   bool
	critical bool // a check bars it, and not a person
}

func newListing(tags []string, warning bool, buffers *sync.Pool) *listing {
	return &listing{
		tags: tags, warning: warning, buffers: buffers, seed: maphash.MakeSeed(),
		last: answered{known: map[uint64]*described{}}, spare: answered{known: map[uint64]*described{}},
	}
}

// take reads one answer. The endpoints are new; what they point to is shared with
// those of the answers before and never written to. An error leaves the listing as
// it was.
func (l *listing) take(body io.Reader) error {
	buffer, _ := l.buffers.Get().(*[]byte)
	if buffer == nil {
		buffer = new([]byte)
	}
	text := elements{in: body, buf: *buffer}
	err := l.read(&text)
	*buffer = text.buf
	l.buffers.Put(buffer)
	if err != nil {
		return fmt.Errorf("read the list of instances: %w", err)
	}
	return nil
}

func (l *listing) read(text *elements) error {
	l.pace.Begin()
	now := answered{l.spare.known, l.spare.order[:0]}
	clear(now.known)
	endpoints := make([]endpoint.Endpoint, 0, len(l.last.order))
	var critical []int
	for expected := 0; text.next(); {
		l.pace.Rest()
		if len(now.order) == mostInstances {
			return errInstances
		}
		d, err := l.recognise(text, expected)
		if err != nil {
			return err
		}
		expected = d.place + 1
		d.place = len(now.order)
		now.known[d.hash], now.order = d, append(now.order, d)
		if d.wanted {
			if d.critical {
				critical = append(critical, len(endpoints))
			}
			endpoints = append(endpoints, d.endpoint)
		}
	}
	if err := text.err(); err != nil {
		return err
	}
	clear(l.last.order) // they must not outlive their instances
	l.last, l.spare = now, l.last
	l.endpoints, l.critical, l.instances = endpoints, critical, len(now.order)
	return nil
}

// recognise gives what the next element came to in the answer before, or decodes it.
// It may be the one that is expected; one that was elsewhere tells by its place where
// to go on.
func (l *listing) recognise(text *elements, expected int) (*described, error) {
	if expected < len(l.last.order) {
		d := l.last.order[expected]
		if t := text.peek(d.length); t != nil && maphash.Bytes(l.seed, t) == d.hash {
			text.take(d.length)
			d.place = expected
			return d, nil
		}
	}
	element := text.object()
	if element == nil {
		return nil, text.err()
	}
	hash := maphash.Bytes(l.seed, element)
	if d := l.last.known[hash]; d != nil {
		return d, nil
	}
	d, err := l.describe(element)
	if err != nil {
		return nil, err
	}
	d.hash, d.length, d.place = hash, len(element), expected
	return d, nil
}

func (l *listing) describe(element []byte) (*described, error) {
	var e entry
	if err := json.Unmarshal(element, &e); err != nil {
		return nil, err
	}
	return &described{endpoint: e.endpoint(l.warning), wanted: e.hasTags(l.tags), critical: e.critical()}, nil
}
