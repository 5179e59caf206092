package http1

import (
	"fmt"
	"strconv"

	"pingap-go/message"
)

// appendFields writes the end-to-end fields. Fields that no parser has checked
// are checked here, so that nothing a plugin or the configuration says can end
// a line. Framing and hop-by-hop fields are skipped: those are ours to write.
func appendFields(dst []byte, h *message.Header) ([]byte, error) {
	fields := h.Fields()
	for i := range fields {
		f := &fields[i]
		known := f.Known
		if !f.Checked {
			if err := sendable(f); err != nil {
				return dst, err
			}
			known = message.Lookup(f.Name)
		}
		if !special.has(known) {
			dst = appendField(dst, f.Name, f.Value)
		}
	}
	return dst, nil
}

func appendField(dst []byte, name, value string) []byte {
	dst = append(dst, name...)
	dst = append(dst, ": "...)
	dst = append(dst, value...)
	return append(dst, "\r\n"...)
}

// sendable says why a field cannot be written, if so.
func sendable(f *message.Field) error {
	if !only(f.Name, tokenByte) {
		return fmt.Errorf("header %q cannot be sent: %w", f.Name, badName)
	}
	if valueEnd(f.Value, 0) != len(f.Value) {
		return fmt.Errorf("header %q cannot be sent: %w", f.Name, badValue)
	}
	return nil
}

// appendLength writes Content-Length, or Transfer-Encoding for a length that is
// not known.
func appendLength(dst []byte, length int64) []byte {
	if length < 0 {
		return append(dst, "Transfer-Encoding: chunked\r\n"...)
	}
	dst = append(dst, "Content-Length: "...)
	dst = strconv.AppendInt(dst, length, 10)
	return append(dst, "\r\n"...)
}
