package http1

import (
	"strconv"

	"pingap-go/message"
)

// ChunkEnd follows the data of every chunk.
const ChunkEnd = "\r\n"

// MaxChunkHead is the room that AppendChunkHead needs at most.
const MaxChunkHead = 16 + len("\r\n")

// AppendChunkHead writes the line before the data of a chunk of n bytes. n must
// be positive, for an empty chunk would end the body.
func AppendChunkHead(dst []byte, n int) []byte {
	dst = strconv.AppendUint(dst, uint64(n), 16)
	return append(dst, "\r\n"...)
}

// AppendChunk writes data as one chunk, and nothing when it is empty.
func AppendChunk(dst, data []byte) []byte {
	if len(data) == 0 {
		return dst
	}
	dst = AppendChunkHead(dst, len(data))
	dst = append(dst, data...)
	return append(dst, ChunkEnd...)
}

// AppendLastChunk ends a chunked body. trailer may be nil or empty; give it only
// to peers that asked for trailers. Fields that a trailer cannot hold are
// skipped. On an error dst is as it was, and the body must be broken off.
func AppendLastChunk(dst []byte, trailer *message.Header) ([]byte, error) {
	out := append(dst, "0\r\n"...)
	if trailer != nil {
		for _, f := range trailer.Fields() {
			if !f.Checked {
				if err := sendable(&f); err != nil {
					return dst, err
				}
				f.Known = message.Lookup(f.Name)
			}
			if mayTrail(&f) {
				out = appendField(out, f.Name, f.Value)
			}
		}
	}
	return append(out, "\r\n"...), nil
}
