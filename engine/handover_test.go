package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"pingap-go/internal/testkit"
)

// servers are sections of http servers by name and address, each with a location
// that tells which of them answered.
func servers(of map[string]string) string {
	text := ""
	for name, addr := range of {
		text += fmt.Sprintf("[servers.%[1]s]\naddr = %[2]q\nlocations = [%[1]q]\n[locations.%[1]s]\nplugins = [%[1]q]\n"+
			"[plugins.%[1]s]\ncategory = \"mock\"\ndata = %[1]q\n", name, addr)
	}
	return text
}

// A server that gets another name keeps its address, though both names want it at
// the same time, and nobody who asks meanwhile is refused.
func TestAServerIsRenamed(t *testing.T) {
	p := start(t, servers(map[string]string{"one": "127.0.0.1:0"}))
	at := p.at["one"]
	asked, stop := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(asked)
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		for {
			response, err := client.Get("http://" + at)
			if err != nil {
				asked <- err
				return
			}
			response.Body.Close()
			select {
			case <-stop:
				return
			default:
			}
		}
	}()
	defer func() {
		close(stop)
		if err := <-asked; err != nil {
			t.Error(err)
		}
	}()
	for n := range 10 {
		name := []string{"two", "one"}[n%2]
		p.reload(servers(map[string]string{name: "127.0.0.1:0"}))
		if p.at[name] != at {
			t.Fatalf("%s listens on %s, not on %s", name, p.at[name], at)
		}
		if err := p.says(name, "http://x/", 200, name); err != nil {
			t.Error(err)
		}
	}
}

func TestServersChangePlaces(t *testing.T) {
	p := start(t, servers(map[string]string{"one": "127.0.0.1:0", "two": "127.0.0.2:0"}))
	one, two := p.at["one"], p.at["two"]
	p.reload(servers(map[string]string{"one": "127.0.0.2:0", "two": "127.0.0.1:0", "three": "127.0.0.3:0"}))
	if p.at["one"] != two || p.at["two"] != one {
		t.Errorf("one listens on %s and two on %s, which had %s and %s", p.at["one"], p.at["two"], one, two)
	}
	for _, name := range []string{"one", "two", "three"} {
		if err := p.says(name, "http://x/", 200, name); err != nil {
			t.Error(err)
		}
	}
}

// A reload that fails for another reason has taken nothing from anybody.
func TestAnAddressStaysWhereAReloadFails(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	p := start(t, servers(map[string]string{"one": "127.0.0.1:0"}))
	p.set(servers(map[string]string{"two": "127.0.0.1:0", "three": taken.Addr().String()}))
	if _, err := p.Reload(t.Context()); err == nil {
		t.Error("the address of somebody else was had")
	}
	if err := p.says("one", "http://x/", 200, "one"); err != nil {
		t.Error(err)
	}
}

// A socket in the file system is there for its new server, and goes with it.
func TestASocketIsHandedOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	p := start(t, servers(map[string]string{"one": "unix:" + path}))
	p.reload(servers(map[string]string{"two": "unix:" + path}))
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		},
	}}
	response, err := client.Get("http://x/")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	p.reload("")
	testkit.Eventually(t, within, func() error {
		if _, err := os.Stat(path); err == nil {
			return errors.New("the socket is still there")
		}
		return nil
	})
}
