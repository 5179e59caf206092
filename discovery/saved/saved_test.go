package saved

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"pingap-go/endpoint"
)

func open(t *testing.T) *Dir {
	t.Helper()
	d, err := Open(filepath.Join(t.TempDir(), "state", "deep"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func example() endpoint.Snapshot {
	return endpoint.NewSnapshot(
		endpoint.Source{Kind: "consul", Detail: "service api", Index: 42, TTL: time.Second},
		[]endpoint.Endpoint{
			{ID: "n1/api-1", Name: "api-1", Node: "n1", Address: "127.0.0.1:80", Weight: 2, Tags: []string{"v2"}, Meta: map[string]string{"a": "b"}, Note: "consul passing"},
			{ID: "n1/api-2", Name: "api-2", Node: "n1", Address: "127.0.0.1:81", Tier: 1, Barred: "consul critical: check web"},
		}, "")
}

func TestWhatIsSavedIsLoaded(t *testing.T) {
	d := open(t)
	if _, err := d.Load("api"); !errors.Is(err, ErrNone) {
		t.Errorf("before the first save: error %v", err)
	}
	before := time.Now()
	want := example()
	if err := d.Save("api", want); err != nil {
		t.Fatal(err)
	}
	got, err := d.Load("api")
	if err != nil || !got.SameMembers(want) || got.Source != want.Source {
		t.Errorf("loaded %+v, error %v", got, err)
	}
	if got.Saved.Before(before.Add(-time.Second)) || got.Saved.After(time.Now()) {
		t.Errorf("saved at %s", got.Saved)
	}
	info, err := os.Stat(d.pathOf("api"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, error %v", info.Mode(), err)
	}
}

func TestEmptySnapshotKeepsItsCondition(t *testing.T) {
	d := open(t)
	if err := d.Save("api", endpoint.NewSnapshot(endpoint.Source{}, nil, endpoint.Unknown)); err != nil {
		t.Fatal(err)
	}
	if got, err := d.Load("api"); err != nil || got.Condition != endpoint.Unknown {
		t.Errorf("loaded %+v, error %v", got, err)
	}
}

func TestDamagedFilesAreSetAside(t *testing.T) {
	d := open(t)
	path := d.pathOf("api")
	harms := []struct {
		name, want string
		harm       func(text string) string
	}{
		{"cut", "damaged", func(text string) string { return text[:len(text)/2] }},
		{"emptied", "damaged", func(string) string { return "" }},
		{"one byte changed", "checksum", func(text string) string { return strings.Replace(text, "127.0.0.1:80", "127.0.0.1:90", 1) }},
		{"of a later version", "version 2", func(text string) string { return strings.Replace(text, `"version":1`, `"version":2`, 1) }},
		{"of another upstream", `that of "apj"`, func(text string) string { return strings.Replace(text, `"name":"api"`, `"name":"apj"`, 1) }},
	}
	for _, h := range harms {
		t.Run(h.name, func(t *testing.T) {
			if err := d.Save("api", example()); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(h.harm(string(text))), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err = d.Load("api")
			if err == nil || !strings.Contains(err.Error(), h.want) || !strings.Contains(err.Error(), "set aside as "+path+damaged) {
				t.Errorf("error %v", err)
			}
			if _, err := os.Stat(path + damaged); err != nil {
				t.Error(err)
			}
			if _, err := d.Load("api"); !errors.Is(err, ErrNone) {
				t.Errorf("after that: error %v", err)
			}
		})
	}
}

func TestNamesStayInTheDirectory(t *testing.T) {
	d := open(t)
	long := strings.Repeat("x", 500)
	names := []string{"api", "API", "a/b", "../up", ".", "", "a%2fb", "ü", "a b\n", long, long + "y"}
	paths := map[string]string{}
	for _, name := range names {
		path := d.pathOf(name)
		if filepath.Dir(path) != d.path {
			t.Errorf("%q is kept as %s", name, path)
		}
		if other, taken := paths[path]; taken {
			t.Errorf("%q and %q share %s", name, other, path)
		}
		paths[path] = name
		if err := d.Save(name, example()); err != nil {
			t.Error(err)
		}
		if _, err := d.Load(name); err != nil {
			t.Error(err)
		}
	}
}

func TestNumberOfFilesIsBounded(t *testing.T) {
	d := open(t)
	old := time.Now().Add(-time.Hour)
	for i := range maxFiles + 20 {
		path := d.pathOf(fmt.Sprintf("old-%d", i))
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	foreign := filepath.Join(d.path, "foreign.json")
	if err := os.WriteFile(foreign, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.Save("new", example()); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(d.path)
	if err != nil || len(left) != maxFiles+1 {
		t.Errorf("%d files are left, want %d of ours and a foreign one; error %v", len(left), maxFiles, err)
	}
	if _, err := d.Load("new"); err != nil {
		t.Error(err)
	}
}

func TestOpenSweepsOldTemporaries(t *testing.T) {
	d := open(t)
	stale, fresh := filepath.Join(d.path, temporary+"1"), filepath.Join(d.path, temporary+"2")
	for _, path := range []string{stale, fresh} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	old := time.Now().Add(-2 * time.Hour)
	if err := os.Chtimes(stale, old, old); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(d.path); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(stale); err == nil {
		t.Error("the old one is still there")
	}
	if _, err := os.Stat(fresh); err != nil {
		t.Error("another process's file was removed")
	}
}

// Two sidecars of one user that ask the same write the same file.
func TestSeveralProcessesShareADirectory(t *testing.T) {
	path := open(t).path
	var processes sync.WaitGroup
	for range 4 {
		processes.Go(func() {
			d, err := Open(path)
			for i := 0; err == nil && i < 25; i++ {
				if err = d.Save("api", example()); err == nil {
					_, err = d.Load("api")
				}
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	processes.Wait()
	if left, err := os.ReadDir(path); err != nil || len(left) != 1 {
		t.Errorf("%d files are left, error %v", len(left), err)
	}
}

func TestUnwritableDirectoryIsAnError(t *testing.T) {
	blocker := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocker, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(filepath.Join(blocker, "state")); err == nil {
		t.Error("no error")
	}
	d := open(t)
	if err := os.RemoveAll(d.path); err != nil {
		t.Fatal(err)
	}
	if err := d.Save("api", example()); err == nil || !strings.HasPrefix(err.Error(), `save membership of "api": `) {
		t.Errorf("error %v", err)
	}
}

func TestSetsAreSavedAsOne(t *testing.T) {
	d := open(t)
	if _, err := d.LoadAll("routes"); !errors.Is(err, ErrNone) {
		t.Errorf("before the first save: error %v", err)
	}
	heard := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	old := example()
	old.Saved = heard
	want := Set{Datacenter: "dc1", Services: map[string]endpoint.Snapshot{"web": example(), "shop": old}}
	if err := d.SaveAll("routes", want); err != nil {
		t.Fatal(err)
	}
	got, err := d.LoadAll("routes")
	if err != nil || got.Datacenter != "dc1" || len(got.Services) != 2 || !got.Services["web"].SameMembers(example()) {
		t.Fatalf("loaded %+v, error %v", got, err)
	}
	if at := got.Services["web"].Saved; time.Since(at) > time.Minute {
		t.Errorf("web is of %s, and not of when it was saved", at)
	}
	if at := got.Services["shop"].Saved; !at.Equal(heard) {
		t.Errorf("shop is of %s, and not of when it was heard", at)
	}
	if err := os.Truncate(d.pathOf("routes"), 50); err != nil {
		t.Fatal(err)
	}
	if _, err := d.LoadAll("routes"); err == nil || !strings.Contains(err.Error(), "set aside") {
		t.Errorf("error %v", err)
	}
}
