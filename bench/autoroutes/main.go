// Command autoroutes measures pingap with automatic routes at size: it puts 1,500
// services with 10,000 route tags into a Consul agent's catalog, waits until a
// running pingap routes them all, changes one tag, and prints how long that took
// and how much memory pingap has.
//
//	autoroutes -consul 127.0.0.1:8500 -proxy 127.0.0.1:8080 -admin 127.0.0.1:6189 -pid PID
//
// bench/autoroutes.sh starts everything that it needs. Loopback only.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/consul/api"
)

// limit bounds each wait; rest is how long memory is left alone before it is
// looked at again.
const (
	limit = 2 * time.Minute
	rest  = 20 * time.Second
)

func main() {
	consul := flag.String("consul", "127.0.0.1:8500", "address of the agent")
	proxy := flag.String("proxy", "127.0.0.1:8080", "address of the server with automatic routes")
	admin := flag.String("admin", "127.0.0.1:6189", "address of its admin API")
	pid := flag.Int("pid", 0, "process ID of pingap")
	services := flag.Int("services", 1500, "services")
	routes := flag.Int("routes", 10000, "route tags of all services together")
	instance := flag.String("instance", "127.0.0.1:9001", "where every instance listens")
	flag.Parse()
	client, err := api.NewClient(&api.Config{Address: *consul})
	if err != nil {
		log.Fatal(err)
	}
	b := &bench{client: client, proxy: *proxy, admin: *admin, pid: *pid, services: *services, routes: *routes, instance: *instance}
	if err := b.run(); err != nil {
		log.Fatal(err)
	}
}

type bench struct {
	client           *api.Client
	proxy, admin     string
	instance         string
	pid              int
	services, routes int
}

func (b *bench) run() error {
	before, err := b.memory()
	if err != nil {
		return err
	}
	for n := range b.services {
		if err := b.register(n, ""); err != nil {
			return err
		}
	}
	took, err := b.await(func() error { return b.answersAll() })
	if err != nil {
		return err
	}
	fmt.Printf("%d services with %d routes: in force %s after the last registration\n", b.services, b.routes, took.Round(time.Millisecond))
	var slowest time.Duration
	for n := range 10 {
		if err := b.register(n*7, fmt.Sprintf("urlprefix-/changed/%d", n)); err != nil {
			return err
		}
		took, err := b.await(func() error { return b.answers("any", fmt.Sprintf("/changed/%d", n)) })
		if err != nil {
			return err
		}
		slowest = max(slowest, took)
	}
	fmt.Printf("a new tag of one service: in force after %s at most, of ten\n", slowest.Round(time.Millisecond))
	after, err := b.memory()
	if err != nil {
		return err
	}
	<-time.After(rest)
	resting, err := b.memory()
	if err != nil {
		return err
	}
	if err := b.routed(b.routes + 10); err != nil {
		return err
	}
	fmt.Printf("resident memory: %d MB at once, %d MB after %s, %d MB without routes\n", after>>20, resting>>20, rest, before>>20)
	return nil
}

// register puts one service with its share of the routes into the catalog, on a
// node of its own making, and one tag more.
func (b *bench) register(n int, more string) error {
	var tags []string
	for i := n; i < b.routes; i += b.services {
		tags = append(tags, fmt.Sprintf("urlprefix-host-%d.example.com/path/%d strip=/path", n%200, i))
	}
	if more != "" {
		tags = append(tags, more)
	}
	host, port, _ := strings.Cut(b.instance, ":")
	var number int
	if _, err := fmt.Sscan(port, &number); err != nil {
		return err
	}
	name := fmt.Sprintf("service-%d", n)
	_, err := b.client.Catalog().Register(&api.CatalogRegistration{
		Node: "bench", Address: host, SkipNodeUpdate: n > 0,
		Service: &api.AgentService{ID: name, Service: name, Address: host, Port: number, Tags: tags},
	}, nil)
	return err
}

// await polls until check is content and returns how long that took.
func (b *bench) await(check func() error) (time.Duration, error) {
	began := time.Now()
	for {
		err := check()
		took := time.Since(began)
		if err == nil {
			return took, nil
		}
		if took > limit {
			return took, err
		}
		<-time.After(5 * time.Millisecond)
	}
}

// answersAll asks for one route of every service.
func (b *bench) answersAll() error {
	for n := range b.services {
		if err := b.answers(fmt.Sprintf("host-%d.example.com", n%200), fmt.Sprintf("/path/%d", n)); err != nil {
			return fmt.Errorf("service-%d: %w", n, err)
		}
	}
	return nil
}

// routed asks the admin API for the number of routes.
func (b *bench) routed(want int) error {
	res, err := http.Get("http://" + b.admin + "/api/v1/routes")
	if err != nil {
		return err
	}
	defer res.Body.Close()
	var routes []struct{ Problem string }
	if err := json.NewDecoder(res.Body).Decode(&routes); err != nil {
		return err
	}
	if len(routes) != want {
		return fmt.Errorf("%d routes", len(routes))
	}
	return nil
}

func (b *bench) answers(host, path string) error {
	req, err := http.NewRequest(http.MethodGet, "http://"+b.proxy+path, nil)
	if err != nil {
		return err
	}
	req.Host = host
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return errors.New(res.Status)
	}
	return nil
}

// memory is pingap's resident set, in bytes.
func (b *bench) memory() (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", b.pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		var kb int64
		if n, _ := fmt.Sscanf(line, "VmRSS: %d kB", &kb); n == 1 {
			return kb << 10, nil
		}
	}
	return 0, errors.New("no VmRSS")
}
