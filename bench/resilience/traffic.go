package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// traffic is when requests were sent to the sick instance, since it fell ill.
type traffic []time.Duration

// calm is how long nothing must be sent for the sick instance to count as left
// alone. What comes later is a trial.
const calm = 500 * time.Millisecond

// until is how many requests were sent to it in all, and when the last of them
// before the first calm was.
func (t traffic) until() (tries int, last time.Duration) {
	slices.Sort(t)
	for _, at := range t {
		if at > last+calm {
			break
		}
		last = at
	}
	return len(t), last
}

// sent is how many requests the proxy has sent to an instance so far, as far as
// it tells while it runs.
func (p *running) sent(ctx context.Context, sick string) (int, error) {
	if p.tries == nil {
		return 0, nil
	}
	return p.tries(ctx, p, sick)
}

// follow watches for a while what the proxy sends to the sick instance beyond
// the number before.
func (p *running) follow(ctx context.Context, sick string, before int, began time.Time, d time.Duration) (traffic, error) {
	if p.tries == nil {
		if err := pause(ctx, d); err != nil {
			return nil, err
		}
		return loggedTries(p.dir+"/access.log", sick, began)
	}
	var t traffic
	for time.Since(began) < d {
		n, err := p.tries(ctx, p, sick)
		if err != nil {
			return nil, err
		}
		for ; before < n; before++ {
			t = append(t, time.Since(began))
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// pingapTries is what pingap's admin API says.
func pingapTries(ctx context.Context, p *running, sick string) (int, error) {
	text, err := get(ctx, "http://"+p.admin+"/api/v1/upstreams/app")
	if err != nil {
		return 0, err
	}
	var u struct {
		Endpoints []struct {
			Address  string
			Requests int
		}
	}
	if err := json.Unmarshal([]byte(text), &u); err != nil {
		return 0, err
	}
	for _, e := range u.Endpoints {
		if e.Address == sick {
			return e.Requests, nil
		}
	}
	return 0, fmt.Errorf("pingap does not know %s", sick)
}

// haproxyTries is how often HAProxy has chosen the first server (lbtot).
func haproxyTries(_ context.Context, p *running, _ string) (int, error) {
	conn, err := net.DialTimeout("unix", p.dir+"/haproxy.sock", time.Second)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "show stat\n"); err != nil {
		return 0, err
	}
	rows, err := csv.NewReader(conn).ReadAll()
	if err != nil {
		return 0, err
	}
	column := slices.Index(rows[0], "lbtot")
	for _, row := range rows {
		if row[0] == "app" && row[1] == "s0" {
			return strconv.Atoi(row[column])
		}
	}
	return 0, fmt.Errorf("HAProxy does not know its server")
}

// loggedTries reads nginx's log: when each request ended, how long it took, and
// the addresses that were tried.
func loggedTries(path, sick string, began time.Time) (traffic, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var t traffic
	for lines := bufio.NewScanner(f); lines.Scan(); {
		end, rest, _ := strings.Cut(lines.Text(), " ")
		took, addresses, _ := strings.Cut(rest, " ")
		at, err := strconv.ParseFloat(end, 64)
		if err != nil {
			return nil, err
		}
		lasted, err := strconv.ParseFloat(took, 64)
		if err != nil {
			return nil, err
		}
		since := time.UnixMilli(int64((at - lasted) * 1000)).Sub(began)
		if since >= 0 && strings.Contains(addresses+",", sick+",") {
			t = append(t, since)
		}
	}
	return t, nil
}
