package http1

import (
	"fmt"
	"net/http"
	"strconv"

	"pingap-go/message"
)

// Client says to whom a response goes.
type Client struct {
	// Method is the request's.
	Method string
	// Minor is the client's HTTP/1 minor version.
	Minor int
	// Close says that the connection ends with this response.
	Close bool
	// Date is written when it is not empty and the response has no Date
	// (RFC 9110 section 6.6.1).
	Date string
}

// Framing is how the body of res has to be sent. After UntilClose the connection
// must be closed.
func (c *Client) Framing(res *message.Response) Framing {
	switch {
	case !message.BodyAllowed(c.Method, res.Status) || res.ContentLength == 0:
		return NoBody
	case res.ContentLength > 0:
		return Length
	case c.Minor > 0:
		return Chunks
	}
	return UntilClose
}

// AppendResponse writes the head of a final response, or of a 101, to a client.
// It does not allocate when dst has room. The error says which part of the
// response cannot be sent; dst is then as it was.
func AppendResponse(dst []byte, res *message.Response, c *Client) ([]byte, error) {
	if res.Status < 200 && res.Status != http.StatusSwitchingProtocols {
		return dst, fmt.Errorf("status %d is not a final response", res.Status)
	}
	out, err := appendStart(dst, res)
	if err != nil {
		return dst, err
	}
	if c.Date != "" && !res.Header.HasKnown(message.Date) {
		if err := sendable(&message.Field{Name: "Date", Value: c.Date}); err != nil {
			return dst, err
		}
		out = appendField(out, "Date", c.Date)
	}
	if res.Status == http.StatusSwitchingProtocols {
		if !only(res.Upgrade, tokenByte) {
			return dst, fmt.Errorf("response cannot be sent: %w", badUpgrade)
		}
		out = append(out, "Connection: Upgrade\r\n"...)
		out = appendField(out, "Upgrade", res.Upgrade)
		return append(out, "\r\n"...), nil
	}
	framing := c.Framing(res)
	if saysLength(res, framing) {
		out = appendLength(out, res.ContentLength)
	}
	switch {
	case c.Close || framing == UntilClose:
		out = append(out, "Connection: close\r\n"...)
	case c.Minor == 0:
		out = append(out, "Connection: keep-alive\r\n"...)
	}
	return append(out, "\r\n"...), nil
}

// saysLength reports whether the head has a framing field. Those without content
// say the length that they would have had, if known (RFC 9110 section 8.6).
func saysLength(res *message.Response, framing Framing) bool {
	switch {
	case framing != NoBody:
		return framing != UntilClose
	case res.Status == http.StatusNoContent:
		return false
	case res.Status == http.StatusNotModified:
		return res.ContentLength > 0
	}
	return res.ContentLength >= 0
}

// AppendInterim writes a 1xx response other than 101. Only HTTP/1.1 clients may
// get one.
func AppendInterim(dst []byte, res *message.Response) ([]byte, error) {
	if res.Status < 100 || res.Status > 199 || res.Status == http.StatusSwitchingProtocols {
		return dst, fmt.Errorf("status %d is not an interim response", res.Status)
	}
	out, err := appendStart(dst, res)
	if err != nil {
		return dst, err
	}
	return append(out, "\r\n"...), nil
}

// appendStart writes the status line and the fields.
func appendStart(dst []byte, res *message.Response) ([]byte, error) {
	if res.Status < 100 || res.Status > 999 {
		return dst, fmt.Errorf("status %d has not three digits", res.Status)
	}
	reason := res.Reason
	if reason == "" {
		reason = http.StatusText(res.Status)
	} else if valueEnd(reason, 0) != len(reason) {
		return dst, fmt.Errorf("response cannot be sent: %w", badReason)
	}
	dst = append(dst, "HTTP/1.1 "...)
	dst = strconv.AppendInt(dst, int64(res.Status), 10)
	dst = append(dst, ' ')
	dst = append(dst, reason...)
	dst = append(dst, "\r\n"...)
	return appendFields(dst, &res.Header)
}
