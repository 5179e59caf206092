package discovery

import "errors"

// ErrDenied is wrapped by errors that say the registry hides the answer from us:
// an ACL token is missing, unknown or without the rights. It tells "filtered by
// ACLs" apart from an empty service and from a registry that is away.
var ErrDenied = errors.New("denied by ACLs")
