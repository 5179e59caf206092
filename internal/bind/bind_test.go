package bind

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestALiteralAddressIsOfItsOwnVersion(t *testing.T) {
	for addr, want := range map[string]string{
		"127.0.0.1:0": "tcp4", "0.0.0.0:80": "tcp4", "[::]:80": "tcp6", "[::1]:0": "tcp6", ":80": "tcp", "localhost:80": "tcp",
	} {
		if got := network(addr); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
}

// What a program that was killed has left behind is no reason not to start; a socket
// that somebody serves is, and so is a file.
func TestUnixSockets(t *testing.T) {
	dead, live, file := filepath.Join(t.TempDir(), "dead"), filepath.Join(t.TempDir(), "live"), filepath.Join(t.TempDir(), "file")
	left, err := net.Listen("unix", dead)
	if err != nil {
		t.Fatal(err)
	}
	left.(*net.UnixListener).SetUnlinkOnClose(false)
	left.Close()
	served, err := net.Listen("unix", live)
	if err != nil {
		t.Fatal(err)
	}
	defer served.Close()
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{dead: "", live: "somebody already listens", file: "address already in use"} {
		l, err := Listen(t.Context(), "unix:"+path)
		if err == nil {
			l.Close()
		}
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", filepath.Base(path), err)
		}
	}
	if _, err := os.Stat(file); err != nil {
		t.Errorf("the file is gone: %v", err)
	}
}
