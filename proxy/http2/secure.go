package http2

import "crypto/tls"

// Protocol is what HTTP/2 is called in TLS's handshake (RFC 9113 section 3.2).
const Protocol = "h2"

// Secure reports whether HTTP/2 may be spoken over what a handshake has agreed on: not
// with TLS below 1.2, nor with one of the ciphers of RFC 9113's appendix A. Of those
// that crypto/tls knows these are the others.
func Secure(state *tls.ConnectionState) bool {
	if state.Version != tls.VersionTLS12 {
		return state.Version > tls.VersionTLS12
	}
	switch state.CipherSuite {
	case tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256:
		return true
	}
	return false
}
