package message

import "fmt"

// Fault is an error with the answer it deserves. Parsers, plugins and pools
// return it; the proxy turns it into a response with X-Pingap-EType. The text
// given to clients never holds an address; Err is for logs.
type Fault struct {
	Status int
	Type   string // X-Pingap-EType: "bad_request", "no_endpoint", ...
	Detail string // a short sentence for the client; may be empty
	Err    error  // the cause; may be nil
	// Close asks for the client's connection to be closed after the answer.
	Close bool
	// RetryAfter, in seconds, is sent as Retry-After when > 0.
	RetryAfter int
}

// Error reads "bad_request: obs-fold in header" for logs.
func (f *Fault) Error() string {
	switch {
	case f.Err != nil && f.Detail != "":
		return fmt.Sprintf("%s: %s: %v", f.Type, f.Detail, f.Err)
	case f.Err != nil:
		return fmt.Sprintf("%s: %v", f.Type, f.Err)
	}
	return f.Type + ": " + f.Detail
}

// Unwrap gives the cause.
func (f *Fault) Unwrap() error { return f.Err }
