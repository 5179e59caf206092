package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// writeFiles fills a fresh directory and returns its name.
func writeFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestLoadDirectory(t *testing.T) {
	dir := writeFiles(t, map[string]string{
		"10-basic.toml":     "[basic]\nname = \"edge\"\n[locations.z]\nupstream = \"api\"\n",
		"20-upstreams.toml": "[basic]\nlog_level = \"warn\"\n[upstreams.api]\naddrs = [\"127.0.0.1:9001\"]\n",
		"30-routes.toml":    "[locations.a]\nupstream = \"api\"\n[servers.http]\naddr = \":8080\"\n",
		".hidden.toml":      "this is no TOML",
		"notes.txt":         "neither is this",
	})
	cfg, err := Load(dir, testEnv)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Basic.Name != "edge" || cfg.Basic.LogLevel != "warn" {
		t.Errorf("basic = %+v, want the keys of both files", cfg.Basic)
	}
	if got := strings.Join(cfg.Servers["http"].Locations, " "); got != "z a" {
		t.Errorf("locations = %q, want all of them in the order of the files", got)
	}
}

func TestLoadDirectoryNamesBothFiles(t *testing.T) {
	dir := writeFiles(t, map[string]string{
		"a.toml": "[basic]\nname = \"a\"\n\n[upstreams.api]\naddrs = [\"127.0.0.1:9001\"]\n",
		"b.toml": "[upstreams.api]\naddrs = [\"127.0.0.1:9002\"]\n[basic]\nname = \"b\"\n",
		"c.toml": "[upstreams]\nweb = { addrs = 5 }\n",
	})
	_, err := Load(dir, testEnv)
	a, b, c := filepath.Join(dir, "a.toml"), filepath.Join(dir, "b.toml"), filepath.Join(dir, "c.toml")
	sameLines(t, problemLines(t, err), []string{
		b + ":1:1: upstreams.api: already defined at " + a + ":4:1",
		b + ":4:1: basic.name: already defined at " + a + ":2:1",
		c + ":2:9: upstreams.web.addrs: must be a string or an array, not an integer",
	})
}

func TestLoadSyntaxErrorsOfAllFilesComeAlone(t *testing.T) {
	dir := writeFiles(t, map[string]string{
		"a.toml": "[basic]\nname = \n",
		"b.toml": "[locations.x]\nupstream = \"not here\"\n",
		"c.toml": "[a\n",
	})
	_, err := Load(dir, testEnv)
	lines := problemLines(t, err)
	if len(lines) != 2 || !strings.Contains(lines[0], "a.toml:2:8: ") || !strings.Contains(lines[1], "c.toml:1:3: ") {
		t.Errorf("problems:\n%s", strings.Join(lines, "\n"))
	}
}

func TestLoadUnreadable(t *testing.T) {
	for name, file := range map[string]string{
		"no such file":            filepath.Join(t.TempDir(), "none.toml"),
		"directory without files": t.TempDir(),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(file, testEnv)
			if err == nil || !strings.HasPrefix(err.Error(), "read configuration: ") || !strings.Contains(err.Error(), file) {
				t.Errorf("error = %v", err)
			}
		})
	}
}

func TestEmptyTextIsAllDefaults(t *testing.T) {
	cfg, err := Parse("empty.toml", "\ufeff# nothing\n", testEnv)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Admin.Addr != "127.0.0.1:6189" || cfg.Basic.ShutdownTimeout.String() != "30s" || !cfg.Consul.Stale {
		t.Errorf("defaults are missing: %+v", cfg)
	}
}
