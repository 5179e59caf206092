// Package logging builds the process's logger: log/slog as text or JSON, with a
// level that a reload may change.
//
//	log, level, err := logging.New(os.Stderr, "json", "info")
//	level.Set(slog.LevelDebug) // later
//
// The logger is handed to whoever logs; slog's default is left alone.
package logging

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// New makes a logger that writes to w in format "text" (also "") or "json", from
// level on. The variable it returns changes the level of the logger and of all
// that were derived from it, at any time.
func New(w io.Writer, format, level string) (*slog.Logger, *slog.LevelVar, error) {
	lowest, err := ParseLevel(level)
	if err != nil {
		return nil, nil, err
	}
	variable := new(slog.LevelVar)
	variable.Set(lowest)
	options := &slog.HandlerOptions{Level: variable}
	switch format {
	case "", "text":
		return slog.New(slog.NewTextHandler(w, options)), variable, nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, options)), variable, nil
	}
	return nil, nil, fmt.Errorf("log format %q is none of text, json", format)
}

// ParseLevel reads debug, info (also ""), warn (also "warning") or error,
// without regard to case.
func ParseLevel(name string) (slog.Level, error) {
	switch strings.ToLower(name) {
	case "debug":
		return slog.LevelDebug, nil
	case "", "info":
		return slog.LevelInfo, nil
	case "warn", "warning":
		return slog.LevelWarn, nil
	case "error":
		return slog.LevelError, nil
	}
	return 0, fmt.Errorf("log level %q is none of debug, info, warn, error", name)
}
