package file

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"

	"pingap-go/endpoint"
)

// maxSize bounds how much of a file is read: room for some 100,000 endpoints.
const maxSize = 16 << 20

// source is one file and the last good list in it.
type source struct {
	path      string
	endpoints []endpoint.Endpoint
	good      bool              // it has been read well once
	sum       [sha256.Size]byte // of what was read last
	err       error             // what is wrong with it
}

// refresh reads the file if it changed, and returns what is wrong with it.
func (s *source) refresh() error {
	text, err := read(s.path)
	if err != nil {
		s.sum, s.err = [sha256.Size]byte{}, fmt.Errorf("read endpoints: %w", err)
		return s.err
	}
	sum := sha256.Sum256(text)
	if sum == s.sum {
		return s.err
	}
	s.sum = sum
	endpoints, err := parse(s.path, text)
	if err != nil {
		s.err = fmt.Errorf("read endpoints: %w", err)
		return s.err
	}
	s.endpoints, s.good, s.err = endpoints, true, nil
	return nil
}

func read(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, maxSize+1))
	if err == nil && len(text) > maxSize {
		err = errors.New(path + " is larger than 16 MB")
	}
	return text, err
}
