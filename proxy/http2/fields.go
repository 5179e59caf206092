package http2

import (
	"fmt"
	"maps"
	"net/http"
	"slices"

	"golang.org/x/net/http/httpguts"

	"pingap-go/message"
)

// hopByHop reports whether a field frames a message, or is for the next hop only
// (RFC 9113 section 8.2.2, RFC 9110 section 7.6.1). HTTP/2 has other ways to say
// what it says, or none.
func hopByHop(k message.Known) bool {
	switch k {
	case message.Connection, message.ContentLength, message.TransferEncoding, message.Host, message.KeepAlive,
		message.ProxyConnection, message.ProxyAuthenticate, message.ProxyAuthorization, message.TE, message.Trailer,
		message.Upgrade, message.HTTP2Settings, message.Expect:
		return true
	}
	return false
}

// addFields adds what the library has received, and so checked, to a header: in
// alphabetical order, for the library has lost the order they came in.
func addFields(h *message.Header, from http.Header) {
	for _, name := range slices.Sorted(maps.Keys(from)) {
		known := message.Lookup(name)
		if hopByHop(known) {
			continue
		}
		for _, value := range from[name] {
			h.AddField(message.Field{Name: name, Value: value, Known: known, Checked: true})
		}
	}
}

// setFields adds the end-to-end fields of a header to what the library will send.
func setFields(to http.Header, h *message.Header) error {
	for _, f := range h.Fields() {
		if err := sendable(&f); err != nil {
			return err
		}
		if !hopByHop(message.Lookup(f.Name)) {
			to.Add(f.Name, f.Value)
		}
	}
	return nil
}

// sendable says why a field cannot be sent, if so. Fields that a parser has
// checked can be.
func sendable(f *message.Field) error {
	switch {
	case f.Checked:
		return nil
	case !httpguts.ValidHeaderFieldName(f.Name):
		return fmt.Errorf("header %q cannot be sent: its name is not a token", f.Name)
	case !httpguts.ValidHeaderFieldValue(f.Value):
		return fmt.Errorf("header %q cannot be sent: its value holds a control character", f.Name)
	}
	return nil
}
