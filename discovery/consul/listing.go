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

// listing reads the answers of the health endpoint, one after the other. Of a
// service of thousands of instances an answer brings one that changed and all the
// others again, so elements whose bytes were in the answer before are not decoded
// anew: they are told by their hash. A listing belongs to one watch.
type listing struct {
	tags    []string // all must be on an instance
	warning bool     // instances in that status may serve
	buffers *sync.Pool
	pace    pace.Pace // requests need not wait for a long answer to be read

	seed  maphash.Seed
	known map[uint64]*described // by the hash of the element; the last answer's only
	spare map[uint64]*described // what the next answer's are put in

	endpoints []endpoint.Endpoint // of the last answer, those with the tags
	critical  []int               // places in endpoints of those that only a check bars
	instances int                 // in the last answer, whatever their tags
}

// described is what an element of the list came to.
type described struct {
	endpoint endpoint.Endpoint
	wanted   bool
	critical bool // a check bars it, and not a person
}

func newListing(tags []string, warning bool, buffers *sync.Pool) *listing {
	return &listing{
		tags: tags, warning: warning, buffers: buffers, seed: maphash.MakeSeed(),
		known: map[uint64]*described{}, spare: map[uint64]*described{},
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
	now := l.spare
	clear(now)
	endpoints := make([]endpoint.Endpoint, 0, len(l.known))
	var critical []int
	instances := 0
	err := text.each(func(element []byte) error {
		l.pace.Rest()
		d, hash, err := l.recognise(element)
		if err != nil {
			return err
		}
		now[hash] = d
		instances++
		if d.wanted {
			if d.critical {
				critical = append(critical, len(endpoints))
			}
			endpoints = append(endpoints, d.endpoint)
		}
		return nil
	})
	if err != nil {
		return err
	}
	l.known, l.spare = now, l.known
	l.endpoints, l.critical, l.instances = endpoints, critical, instances
	return nil
}

// recognise gives what the element came to in the answer before, or decodes it.
func (l *listing) recognise(element []byte) (d *described, hash uint64, err error) {
	hash = maphash.Bytes(l.seed, element)
	if d = l.known[hash]; d == nil {
		d, err = l.describe(element)
	}
	return d, hash, err
}

func (l *listing) describe(element []byte) (*described, error) {
	var e entry
	if err := json.Unmarshal(element, &e); err != nil {
		return nil, err
	}
	return &described{endpoint: e.endpoint(l.warning), wanted: e.hasTags(l.tags), critical: e.critical()}, nil
}
