package requestid

import "math/rand/v2"

// maxSize bounds a nanoid's length, in characters.
const maxSize = 64

// maxIncoming bounds the length of an id that a client brings, in bytes.
const maxIncoming = 128

// alphabet is that of URL-safe base64, six bits a character.
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// newNano makes a random id of size characters. Ten of them fit into one
// random number.
func newNano(size int) string {
	var text [maxSize]byte
	var bits uint64
	for i := range size {
		if i%10 == 0 {
			bits = rand.Uint64()
		}
		text[i] = alphabet[bits&63]
		bits >>= 6
	}
	return string(text[:size])
}

// acceptable reports whether an id that a client brought may go on: visible
// ASCII only, so that it cannot disturb a log, and not endless.
func acceptable(id string) bool {
	if id == "" || len(id) > maxIncoming {
		return false
	}
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return false
		}
	}
	return true
}
