package testkit

import (
	"strings"
	"sync"
)

// Journal is a text, such as a log, that many goroutines write and a test reads. The
// zero value is empty.
type Journal struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (j *Journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

// String is all that was written.
func (j *Journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// Count is how often it has the words.
func (j *Journal) Count(words string) int { return strings.Count(j.String(), words) }
