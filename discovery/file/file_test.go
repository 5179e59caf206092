package file_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pingap-go/discovery/discoverytest"
	"pingap-go/discovery/file"
	"pingap-go/endpoint"
	"pingap-go/internal/testkit"
)

// soon is how long a change may take to show in a test; it is generous because
// the machine is shared.
const soon = 10 * time.Second

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// follow watches until the test ends.
func follow(t *testing.T, o file.Options) *discoverytest.Sink {
	t.Helper()
	w, err := file.New(o)
	if err != nil {
		t.Fatal(err)
	}
	var sink discoverytest.Sink
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = w.Watch(ctx, &sink)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return &sink
}

// is waits for a snapshot that reads as text: condition, then "id weight" of
// each endpoint.
func is(text string) func(endpoint.Snapshot) bool {
	return func(s endpoint.Snapshot) bool { return line(s) == text }
}

func line(s endpoint.Snapshot) string {
	text := []string{string(s.Condition)}
	for _, e := range s.Endpoints {
		text = append(text, fmt.Sprintf("%s %d", e.ID, e.Weight))
	}
	return strings.Join(text, ", ")
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// replace is how a careful program changes a file.
func replace(t *testing.T, path, text string) {
	t.Helper()
	write(t, path+".new", text)
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

const one = `[[endpoints]]
address = "127.0.0.1:80"
`

const two = one + `
[[endpoints]]
address = "127.0.0.2:80"
weight = 3
`

func TestListChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "api.toml")
	write(t, path, one)
	sink := follow(t, file.Options{Paths: []string{path}, Poll: time.Hour})
	s := sink.Await(t, soon, is("populated, 127.0.0.1:80 1"))
	if s.Source.Kind != "file" || s.Source.Detail != path {
		t.Errorf("source is %+v", s.Source)
	}
	replace(t, path, two)
	sink.Await(t, soon, is("populated, 127.0.0.1:80 1, 127.0.0.2:80 3"))
	write(t, path, one)
	sink.Await(t, soon, is("populated, 127.0.0.1:80 1"))
	replace(t, path, "endpoints = []")
	sink.Await(t, soon, is("empty"))
}

func TestLastGoodListStays(t *testing.T) {
	harms := []struct {
		name string
		harm func(t *testing.T, path string)
		want string
	}{
		{"deleted", func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}, "no such file or directory"},
		{"emptied", func(t *testing.T, path string) { write(t, path, "") }, "api.toml:1: the file is empty"},
		{"cut in the middle of a line", func(t *testing.T, path string) { write(t, path, two[:len(two)-16]) }, "api.toml:5: "},
		{"replaced by nonsense", func(t *testing.T, path string) { replace(t, path, "\n\nendpoints = maybe\n") }, "api.toml:3: "},
		{"one bad address", func(t *testing.T, path string) { replace(t, path, one+"\n[[endpoints]]\naddress = \"nowhere\"\n") },
			`api.toml:4: address "nowhere" is not host:port`},
	}
	for _, h := range harms {
		t.Run(h.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "api.toml")
			write(t, path, two)
			sink := follow(t, file.Options{Paths: []string{path}, Poll: time.Hour})
			sink.Await(t, soon, is("populated, 127.0.0.1:80 1, 127.0.0.2:80 3"))
			h.harm(t, path)
			if err := sink.AwaitErr(t, soon); !strings.Contains(err.Error(), h.want) || !strings.HasPrefix(err.Error(), "read endpoints: ") {
				t.Errorf("error %q, want %q in it", err, h.want)
			}
			if last, _ := sink.Last(); !is("populated, 127.0.0.1:80 1, 127.0.0.2:80 3")(last) {
				t.Errorf("the list became %s", line(last))
			}
			replace(t, path, two)
			testkit.Eventually(t, soon, sink.Err)
		})
	}
}

// TestSlowWriterIsWaitedFor writes a list in two steps: between them it is valid
// and short by one endpoint.
func TestSlowWriterIsWaitedFor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "api.toml")
	write(t, path, two)
	sink := follow(t, file.Options{Paths: []string{path}, Poll: time.Hour})
	sink.Await(t, soon, is("populated, 127.0.0.1:80 1, 127.0.0.2:80 3"))
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	changed := strings.ReplaceAll(two, "127.0.0", "127.0.9")
	for _, piece := range []string{changed[:len(one)], changed[len(one):]} {
		if _, err := f.WriteString(piece); err != nil {
			t.Fatal(err)
		}
	}
	sink.Await(t, soon, func(s endpoint.Snapshot) bool {
		if len(s.Endpoints) != 2 {
			t.Errorf("half of the file was taken for the list: %s", line(s))
		}
		return is("populated, 127.0.9.1:80 1, 127.0.9.2:80 3")(s)
	})
}

func TestTwoFilesAndOneIsBad(t *testing.T) {
	first, second := filepath.Join(t.TempDir(), "a.toml"), filepath.Join(t.TempDir(), "b.json")
	write(t, first, one)
	sink := follow(t, file.Options{Paths: []string{first, second}, Poll: time.Hour})
	sink.AwaitErr(t, soon)
	if last, ok := sink.Last(); ok {
		t.Errorf("half of the lists was published: %s", line(last))
	}
	write(t, second, `[{"address": "127.0.0.7:80"}]`)
	sink.Await(t, soon, is("populated, 127.0.0.1:80 1, 127.0.0.7:80 1"))
	write(t, second, `[{"address": 7}]`)
	sink.AwaitErr(t, soon)
	replace(t, first, "endpoints = []")
	sink.Await(t, soon, is("populated, 127.0.0.7:80 1"))
	if err := sink.AwaitErr(t, soon); !strings.Contains(err.Error(), "b.json:1: ") {
		t.Errorf("error %q", err)
	}
}

// TestPollFindsWhatNobodyTold has the directory appear after the start, so that
// it is not watched.
func TestPollFindsWhatNobodyTold(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "later")
	path := filepath.Join(dir, "api.toml")
	sink := follow(t, file.Options{Paths: []string{path}, Poll: 20 * time.Millisecond})
	sink.AwaitErr(t, soon)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, path, one)
	sink.Await(t, soon, is("populated, 127.0.0.1:80 1"))
}
