package proxy

import (
	"io"
	"net"
	"testing"
	"time"
)

// Who has been let in before the door closes is served.
func TestLastCallTakesThoseWhoWait(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		address := "127.0.0.1:0"
		if network == "unix" {
			address = t.TempDir() + "/s"
		}
		l, err := net.Listen(network, address)
		if err != nil {
			t.Fatal(err)
		}
		var clients []net.Conn
		for range 5 {
			c, err := net.Dial(network, l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if _, err := io.WriteString(c, "hello"); err != nil {
				t.Fatal(err)
			}
			clients = append(clients, c)
		}
		late := lastCall(l)
		if len(late) != len(clients) {
			t.Fatalf("%s: %d of %d connections were taken", network, len(late), len(clients))
		}
		for _, nc := range late {
			defer nc.Close()
			_ = nc.SetDeadline(time.Now().Add(5 * time.Second))
			got := make([]byte, 5)
			if _, err := io.ReadFull(nc, got); err != nil || string(got) != "hello" {
				t.Errorf("%s: read %q, %v", network, got, err)
			}
		}
		if _, err := net.Dial(network, l.Addr().String()); err == nil {
			t.Errorf("%s: the door is still open", network)
		}
	}
}
