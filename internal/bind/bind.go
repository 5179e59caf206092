// Package bind listens on the addresses that a configuration names: "host:port", ":port"
// and "unix:PATH".
//
//	listener, err := bind.Listen(ctx, "127.0.0.1:8080")
//
// It knows what is one address and what are two, and what a dead program leaves behind.
// Who accepts, and what an address may be, is the caller's part.
package bind

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"
)

// Listen opens a listener. On a path it takes the place of a socket that nobody listens
// on any more, and of nothing else. TCP connections are asked after a minute of silence
// whether their client is still there.
func Listen(ctx context.Context, addr string) (net.Listener, error) {
	lc := net.ListenConfig{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: time.Minute, Interval: 15 * time.Second}}
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		if err := removeDeadSocket(path); err != nil {
			return nil, err
		}
		return lc.Listen(ctx, "unix", path)
	}
	return lc.Listen(ctx, network(addr), addr)
}

// network is what an address is listened on at: a literal address by its own
// version of IP only, so that "0.0.0.0:80" and "[::]:80" can stand side by side
// as in nginx; ":80" and names by both.
func network(addr string) string {
	ap, err := netip.ParseAddrPort(addr)
	switch {
	case err != nil:
		return "tcp"
	case ap.Addr().Is4():
		return "tcp4"
	}
	return "tcp6"
}

func removeDeadSocket(path string) error {
	info, err := os.Lstat(path)
	if err != nil || info.Mode()&os.ModeSocket == 0 {
		return nil // nothing there, or not ours to remove: listen says what is wrong
	}
	c, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		c.Close()
		return fmt.Errorf("listen unix %s: somebody already listens there", path)
	}
	return os.Remove(path)
}
