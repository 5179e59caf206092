package plugin

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"time"
)

// NewRequestID makes a UUID of version 7 (RFC 9562 section 5.7): milliseconds
// since 1970, then 74 random bits, so that ids sort by time. It takes no lock
// and may be called by many at once. The randomness is the runtime's ChaCha8,
// good for telling requests apart and not meant for secrets.
func NewRequestID() string {
	var id [16]byte
	binary.BigEndian.PutUint64(id[0:], uint64(time.Now().UnixMilli())<<16|rand.Uint64()>>48)
	binary.BigEndian.PutUint64(id[8:], rand.Uint64())
	id[6] = id[6]&0x0f | 0x70 // version 7
	id[8] = id[8]&0x3f | 0x80 // variant of RFC 9562
	var text [36]byte
	at := 0
	for i := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			text[at] = '-'
			at++
		}
		hex.Encode(text[at:at+2], id[i:i+1])
		at += 2
	}
	return string(text[:])
}
