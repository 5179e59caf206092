package consul

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"runtime"
	"sync"

	"pingap-go/endpoint"
)

// listing reads the answers of the health endpoint, one after the other. Of a
// service of thousands of instances an answer brings one that changed and all the
// others again, so elements whose bytes were in the answer before are not decoded
// anew: they are told by their hash. A listing belongs to one watch.
type listing struct {
	tags    []string // all must be on an instance
	warning bool     // instances in that status may serve
	buffers *sync.Pool

	seed  maphash.Seed
	known map[uint64]*described // by the hash of the element; the last answer's only

	endpoints []endpoint.Endpoint // of the last answer, those with the tags
	critical  []int               // places in endpoints of those that only a check bars
	instances int                 // in the last answer, whatever their tags
}

// giveWay is after how many instances a long answer lets others run: where Go has
// one thread, requests wait for it no longer than these take.
const giveWay = 64

// described is what an element of the list came to.
type described struct {
	endpoint endpoint.Endpoint
	wanted   bool
	critical bool // a check bars it, and not a person
}

func newListing(tags []string, warning bool, buffers *sync.Pool) *listing {
	return &listing{tags: tags, warning: warning, buffers: buffers, seed: maphash.MakeSeed()}
}

// take reads one answer.
func (l *listing) take(body io.Reader) error {
	buffer, _ := l.buffers.Get().(*bytes.Buffer)
	if buffer == nil {
		buffer = new(bytes.Buffer)
	}
	defer l.buffers.Put(buffer)
	buffer.Reset()
	if _, err := buffer.ReadFrom(body); err != nil {
		return err
	}
	return l.read(buffer.Bytes())
}

// read makes endpoints of an answer's text. The endpoints are new; what they
// point to is shared with those of the answers before and never written to.
func (l *listing) read(text []byte) error {
	now := make(map[uint64]*described, len(l.known))
	endpoints := make([]endpoint.Endpoint, 0, len(l.known))
	var critical []int
	instances := 0
	err := eachElement(text, func(element []byte) error {
		hash := maphash.Bytes(l.seed, element)
		d, ok := l.known[hash]
		if !ok {
			var err error
			if d, err = l.describe(element); err != nil {
				return err
			}
		}
		now[hash] = d
		if instances++; instances%giveWay == 0 {
			runtime.Gosched()
		}
		if d.wanted {
			if d.critical {
				critical = append(critical, len(endpoints))
			}
			endpoints = append(endpoints, d.endpoint)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the list of instances: %w", err)
	}
	l.known, l.endpoints, l.critical, l.instances = now, endpoints, critical, instances
	return nil
}

func (l *listing) describe(element []byte) (*described, error) {
	var e entry
	if err := json.Unmarshal(element, &e); err != nil {
		return nil, err
	}
	return &described{endpoint: e.endpoint(l.warning), wanted: e.hasTags(l.tags), critical: e.critical()}, nil
}

var errList = errors.New("it is not a whole JSON list")

// eachElement calls visit with the text of each element of a JSON list of
// objects. It finds where they begin and end and leaves their insides to the
// decoder.
func eachElement(text []byte, visit func(element []byte) error) error {
	text = bytes.TrimSpace(text)
	if bytes.Equal(text, []byte("null")) {
		return nil
	}
	if len(text) < 2 || text[0] != '[' || text[len(text)-1] != ']' {
		return errList
	}
	text = text[1 : len(text)-1]
	for {
		text = bytes.TrimLeft(text, ", \t\r\n")
		if len(text) == 0 {
			return nil
		}
		length := objectLength(text)
		if length == 0 {
			return errList
		}
		if err := visit(text[:length]); err != nil {
			return err
		}
		text = text[length:]
	}
}

// objectLength is how many bytes the JSON object at the start of text has; 0 when
// there is none, or no end of it.
func objectLength(text []byte) int {
	if text[0] != '{' {
		return 0
	}
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i + 1
			}
		case '"':
			i += stringLength(text[i:]) - 1
		}
	}
	return 0
}

// stringLength is how many bytes the JSON string at the start of text has, its
// quotes included; all of text when it does not end. Most of an answer is
// strings, so it looks for their quotes and not at each byte.
func stringLength(text []byte) int {
	for i := 1; i < len(text); i++ {
		quote := bytes.IndexByte(text[i:], '"')
		if quote < 0 {
			break
		}
		i += quote
		backslashes := 0
		for text[i-1-backslashes] == '\\' {
			backslashes++
		}
		if backslashes%2 == 0 {
			return i + 1
		}
	}
	return len(text)
}
