// Package saved keeps the last good snapshot of each pool on disk, so that a
// proxy that starts while its registry is away has somebody to send to.
//
//	dir, err := saved.Open("/var/lib/pingap")
//	err = dir.Save("api", snapshot)             // when members changed
//	snapshot, err := dir.Load("api")            // at start; snapshot.Saved says how old it is
//
// SaveAll and LoadAll keep many memberships in one file, for automatic routes with
// their thousands of services.
//
// A file is one upstream's membership as JSON with a version and a checksum. It
// is written beside its place and renamed into it, so a crash leaves the old one
// or the new one. It holds what the registry publishes to everybody, never a
// token, and only its owner may read it.
//
// The package knows no pools and no clock but that of the file: when to save, and
// how old is too old, is its caller's business. Save costs an fsync, so it is not
// for the request path.
package saved

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"pingap-go/endpoint"
	"pingap-go/internal/longjson"
)

const (
	// version of the format; a file of another one is set aside.
	version = 1
	// maxSize bounds how much of a file is read: room for some 50,000 endpoints.
	maxSize = 32 << 20
	// maxFiles bounds how many upstreams a directory remembers.
	maxFiles = 1024
)

// ErrNone is returned by Load for a name that was never saved.
var ErrNone = errors.New("nothing is saved")

// Dir is a directory of snapshots. It may be used from any goroutine, and by
// several processes: the last one to save a name wins.
type Dir struct {
	path string
}

// Open makes the directory where it is missing and removes what a crash may have
// left half written there.
func Open(path string) (*Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("keep memberships: %w", err)
	}
	d := &Dir{path: path}
	d.sweep(time.Now().Add(-time.Hour))
	return d, nil
}

// file is the format on disk; encode writes it.
type file struct {
	Version  int             `json:"version"`
	Name     string          `json:"name"`
	Saved    time.Time       `json:"saved"`
	Snapshot json.RawMessage `json:"snapshot"`
	Checksum string          `json:"sha256"` // of Snapshot as it is written
}

// Save writes the snapshot of the upstream name, in place of the one before.
func (d *Dir) Save(name string, s endpoint.Snapshot) error {
	s.Saved = time.Time{}
	return d.write(name, func(w *longjson.Writer) { writeSnapshot(w, s) })
}

// write puts content, which is one snapshot or several, in name's file.
func (d *Dir) write(name string, content func(*longjson.Writer)) error {
	_, missing := os.Stat(d.pathOf(name))
	err := d.replace(name, func(w io.Writer) error { return encode(w, name, content) })
	if err != nil {
		return fmt.Errorf("save membership of %q: %w", name, err)
	}
	if missing != nil {
		d.bound() // it reads the whole directory, and only a new file adds to it
	}
	return nil
}

// Load returns the snapshot that was saved last under name, with the time of
// that in Saved. The error is ErrNone where there is none. A damaged file is
// renamed to end in ".damaged", and the error says so.
func (d *Dir) Load(name string) (s endpoint.Snapshot, err error) {
	at, err := d.load(name, &s)
	if err != nil {
		return endpoint.Snapshot{}, err
	}
	return restored(s, at), nil
}

// restored is a snapshot as it was before it was written.
func restored(s endpoint.Snapshot, at time.Time) endpoint.Snapshot {
	s = endpoint.NewSnapshot(s.Source, s.Endpoints, s.Condition)
	s.Saved = at
	return s
}

// load reads name's file into content and says when it was written.
func (d *Dir) load(name string, content any) (at time.Time, err error) {
	path := d.pathOf(name)
	text, err := read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return at, ErrNone
	}
	if err != nil {
		return at, fmt.Errorf("load membership of %q: %w", name, err)
	}
	at, err = decode(name, text, content)
	if err == nil {
		return at, nil
	}
	aside := path + damaged
	if moved := os.Rename(path, aside); moved != nil {
		return at, fmt.Errorf("load membership of %q: %w, and it cannot be set aside: %w", name, err, moved)
	}
	return at, fmt.Errorf("load membership of %q: %w; set aside as %s", name, err, aside)
}

func decode(name string, text []byte, content any) (at time.Time, err error) {
	var f file
	if err := json.Unmarshal(text, &f); err != nil {
		return at, fmt.Errorf("the file is damaged (%w)", err)
	}
	switch {
	case f.Version != version:
		return at, fmt.Errorf("the file has version %d, this program writes %d", f.Version, version)
	case f.Checksum != checksum(f.Snapshot):
		return at, errors.New("the file is damaged (its checksum is wrong)")
	case f.Name != name:
		return at, fmt.Errorf("the file is that of %q", f.Name)
	}
	if err := json.Unmarshal(f.Snapshot, content); err != nil {
		return at, fmt.Errorf("the file is damaged (%w)", err)
	}
	return f.Saved, nil
}

func checksum(snapshot []byte) string {
	sum := sha256.Sum256(snapshot)
	return hex.EncodeToString(sum[:])
}

func read(path string) ([]byte, error) {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err == nil && len(text) > maxSize {
		return nil, errors.New(path + " is larger than 32 MB")
	}
	return text, err
}
