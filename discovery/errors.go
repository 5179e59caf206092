package discovery

import (
	"errors"
	"fmt"
)

// ErrDenied is wrapped by errors that say the registry hides the answer from us:
// an ACL token is missing, unknown or without the rights. It tells "filtered by
// ACLs" apart from an empty service and from a registry that is away.
var ErrDenied = errors.New("denied by ACLs")

// Join puts two failures into one sentence; either may be nil.
func Join(a, b error) error {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	default:
		return fmt.Errorf("%w; %w", a, b)
	}
}
