package saved

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"maps"
	"slices"
	"time"

	"pingap-go/endpoint"
	"pingap-go/internal/longjson"
)

// encode writes the file of name, with what content writes as its snapshot.
func encode(out io.Writer, name string, content func(*longjson.Writer)) error {
	head := longjson.NewWriter(out)
	head.Text(`{"version":`)
	head.Value(version)
	head.Text(`,"name":`)
	head.Value(name)
	head.Text(`,"saved":`)
	head.Value(time.Now().UTC())
	head.Text(`,"snapshot":`)
	if err := head.Flush(); err != nil {
		return err
	}
	sum := sha256.New()
	body := longjson.NewWriter(io.MultiWriter(out, sum))
	content(body)
	if err := body.Flush(); err != nil {
		return err
	}
	tail := longjson.NewWriter(out)
	tail.Text(`,"sha256":`)
	tail.Value(hex.EncodeToString(sum.Sum(nil)))
	tail.Text("}")
	return tail.Flush()
}

// writeSnapshot writes one membership.
func writeSnapshot(w *longjson.Writer, s endpoint.Snapshot) {
	list := s.Endpoints
	s.Endpoints = nil
	w.Object(s, "Endpoints", len(list), func(i int) any { return &list[i] })
}

// writeSet writes the memberships of several services.
func writeSet(w *longjson.Writer, s Set) {
	w.Text(`{"datacenter":`)
	w.Value(s.Datacenter)
	w.Text(`,"services":{`)
	for i, name := range slices.Sorted(maps.Keys(s.Services)) {
		if i > 0 {
			w.Text(",")
		}
		w.Value(name)
		w.Text(":")
		writeSnapshot(w, s.Services[name])
	}
	w.Text("}}")
}
