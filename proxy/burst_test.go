package proxy_test

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"

	"pingap-go/internal/testkit"
)

// After a burst of each kind all is given back. The census that an origin begins with
// ends after the proxy; this one ends while it runs on.
func TestABurstLeavesNothingBehind(t *testing.T) {
	const clients = 100
	body := string(upload(200_000))
	for name, tt := range map[string]struct {
		script func(*visit)
		ask    func(*client) error
	}{
		"requests":  {always(hello), func(c *client) error { return asks(c, get("/")) }},
		"uploads":   {always(hello), func(c *client) error { return asks(c, post("Content-Length: 200000")+body) }},
		"downloads": {always(ok("Content-Length: 200000") + body), func(c *client) error { return asks(c, get("/")) }},
		"tunnels":   {switches(mirror), tunnels},
		"clients that leave": {always(ok("Content-Length: 200000") + body), func(c *client) error {
			_, err := io.WriteString(c.Conn, get("/"))
			c.reset()
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrigin(t, tt.script)
			r := start(t, func(p *parts) { p.pool.KeepalivePool = 0 }, o) // the upstream's go as well
			warm := r.dial(t)
			if err := tt.ask(warm); err != nil {
				t.Fatal(err)
			}
			warm.Close()
			r.isEmpty(t)
			t.Run("burst", func(t *testing.T) {
				testkit.Census(t)
				var asking sync.WaitGroup
				for range clients {
					c := r.dial(t)
					asking.Go(func() {
						if err := tt.ask(c); err != nil {
							t.Error(err)
						}
						c.Close()
					})
				}
				asking.Wait()
				r.isEmpty(t)
			})
		})
	}
}

// tunnels has a tunnel opened, used and ended.
func tunnels(c *client) error {
	if _, err := io.WriteString(c.Conn, upgrade()+"hello"); err != nil {
		return err
	}
	c.halfClose()
	got, err := io.ReadAll(c.r)
	if want := "hello"; err != nil || len(got) < len(want) || string(got[len(got)-len(want):]) != want {
		return fmt.Errorf("the tunnel ended with %.100q, %v", got, err)
	}
	return nil
}

// isEmpty waits until the proxy has no connection of a client, and its loops have let
// go of the tasks that they keep for the next.
func (r *rig) isEmpty(t *testing.T) {
	t.Helper()
	stacks := make([]byte, 4<<20)
	testkit.Eventually(t, patience, func() error {
		for _, state := range []string{"idle", "active"} {
			if err := r.hasMetric(fmt.Sprintf(`pingap_connections{server="s",state="%s"} 0`, state)); err != nil {
				return err
			}
		}
		if n := strings.Count(string(stacks[:runtime.Stack(stacks, true)]), "loop.(*Task).run("); n > 0 {
			return fmt.Errorf("%d tasks are left", n)
		}
		return nil
	})
}
