package consul

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// tokens gives every request the ACL token of that moment. One that comes from a
// file is read again when the file's time or size changed, which is looked at
// before each request: Nomad and Vault agents rewrite such files while we run.
type tokens struct {
	fixed string
	path  string

	mu       sync.Mutex
	text     string
	modified time.Time
	size     int64
}

func newTokens(o Options) *tokens { return &tokens{fixed: o.Token, path: o.TokenFile} }

// current returns the token, "" for none. A file that cannot be read is an error
// and not "no token": without its rights an answer would look empty.
func (t *tokens) current() (string, error) {
	if t.path == "" {
		return t.fixed, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	info, err := os.Stat(t.path)
	if err != nil {
		return "", fmt.Errorf("read consul token: %w", err)
	}
	if t.text != "" && info.ModTime().Equal(t.modified) && info.Size() == t.size {
		return t.text, nil
	}
	data, err := os.ReadFile(t.path)
	if err != nil {
		return "", fmt.Errorf("read consul token: %w", err)
	}
	text := strings.TrimSpace(string(data))
	if text == "" {
		return "", fmt.Errorf("read consul token: %s is empty", t.path)
	}
	t.text, t.modified, t.size = text, info.ModTime(), info.Size()
	return text, nil
}

// configured reports whether we send a token at all.
func (t *tokens) configured() bool { return t.fixed != "" || t.path != "" }
