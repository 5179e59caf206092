package saved

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	extension = ".membership.json"
	damaged   = ".damaged"
	temporary = ".tmp-"
	// maxName is how much of a name a file name shows.
	maxName = 100
)

// pathOf is where name is kept. Letters, digits, "-" and "_" stand for
// themselves; any other byte is written as "%" and its hexadecimal form, so that
// no name leaves the directory or meets another one's file. Long names are cut
// and get a hash.
func (d *Dir) pathOf(name string) string {
	var escaped strings.Builder
	for _, b := range []byte(name) {
		if plain(b) {
			escaped.WriteByte(b)
		} else {
			escaped.WriteString("%" + hex.EncodeToString([]byte{b}))
		}
	}
	base := escaped.String()
	if len(base) > maxName {
		sum := sha256.Sum256([]byte(name))
		base = base[:maxName] + "%" + hex.EncodeToString(sum[:8])
	}
	return filepath.Join(d.path, base+extension)
}

func plain(b byte) bool {
	return b == '-' || b == '_' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}

// replace puts what write writes in name's place in one step: a file beside it, synced and then
// renamed. The directory is not synced: after a crash of the machine there is the
// old file or the new one, and either will do.
func (d *Dir) replace(name string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(d.path, temporary)
	if err != nil {
		return err
	}
	if err = write(f); err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), d.pathOf(name))
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return err
	}
	return nil
}

// sweep removes half-written files older than before, which no process is
// writing any more.
func (d *Dir) sweep(before time.Time) {
	for _, f := range d.list(func(name string) bool { return strings.HasPrefix(name, temporary) }) {
		if f.modified.Before(before) {
			_ = os.Remove(f.path)
		}
	}
}

// bound removes the files that were written longest ago beyond maxFiles, those
// that were set aside among them. Only this package's files count. As long as all
// that is there is within the bound, it does not ask for each file's age.
func (d *Dir) bound() {
	if all, err := os.ReadDir(d.path); err != nil || len(all) <= maxFiles {
		return
	}
	files := d.list(func(name string) bool {
		return strings.HasSuffix(name, extension) || strings.HasSuffix(name, extension+damaged)
	})
	if len(files) <= maxFiles {
		return
	}
	slices.SortFunc(files, func(a, b entry) int {
		return cmp.Or(a.modified.Compare(b.modified), strings.Compare(a.path, b.path))
	})
	for _, f := range files[:len(files)-maxFiles] {
		_ = os.Remove(f.path)
	}
}

type entry struct {
	path     string
	modified time.Time
}

// list returns the files whose names satisfy ours.
func (d *Dir) list(ours func(name string) bool) (files []entry) {
	listed, err := os.ReadDir(d.path)
	if err != nil {
		return nil
	}
	for _, l := range listed {
		if info, err := l.Info(); err == nil && info.Mode().IsRegular() && ours(l.Name()) {
			files = append(files, entry{path: filepath.Join(d.path, l.Name()), modified: info.ModTime()})
		}
	}
	return files
}
