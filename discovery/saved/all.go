package saved

import (
	"time"

	"pingap-go/endpoint"
	"pingap-go/internal/longjson"
)

// Set is the memberships of several services that are kept as one: a file and an
// fsync for each of thousands of services would be a burden.
type Set struct {
	// Datacenter is what the registry calls the place where it is; "" = not known.
	Datacenter string `json:"datacenter,omitempty"`
	// Services are snapshots by service. The time in Saved is when the registry
	// last said so; zero = when the set was written.
	Services map[string]endpoint.Snapshot `json:"services"`
}

// SaveAll writes a set, in place of the one before under name.
func (d *Dir) SaveAll(name string, set Set) error {
	return d.write(name, func(w *longjson.Writer) { writeSet(w, set) })
}

// LoadAll returns the set that was saved last under name, with a time in each
// snapshot's Saved. Errors are those of Load: the file is good or bad as a whole.
func (d *Dir) LoadAll(name string) (Set, error) {
	var set Set
	at, err := d.load(name, &set)
	if err != nil {
		return Set{}, err
	}
	for service, s := range set.Services {
		set.Services[service] = restored(s, heard(s, at))
	}
	return set, nil
}

// heard is when the registry said what a snapshot says.
func heard(s endpoint.Snapshot, written time.Time) time.Time {
	if s.Saved.IsZero() {
		return written
	}
	return s.Saved
}
