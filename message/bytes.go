package message

import "io"

// Bytes is a body that is already in memory, for answers made by plugins.
type Bytes struct {
	b []byte
}

// NewBytes makes a body of b, which must not be written to afterwards.
func NewBytes(b []byte) *Bytes { return &Bytes{b: b} }

// Read has io.Reader's contract.
func (b *Bytes) Read(p []byte) (int, error) {
	if len(b.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p, b.b)
	b.b = b.b[n:]
	return n, nil
}

// Rest is what has not been read yet.
func (b *Bytes) Rest() []byte { return b.b }

// Close forgets the rest.
func (b *Bytes) Close() error {
	b.b = nil
	return nil
}

// SetBytes makes b the whole content of the response.
func (r *Response) SetBytes(b []byte) {
	r.ContentLength = int64(len(b))
	r.Body = NewBytes(b)
}
