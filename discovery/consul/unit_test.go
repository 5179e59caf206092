package consul

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pingap-go/endpoint"
)

func TestTargets(t *testing.T) {
	cases := []struct {
		address, scheme string
		want            target
	}{
		{"127.0.0.1:8500", "http", target{scheme: "http", host: "127.0.0.1:8500"}},
		{"consul.internal:8501", "https", target{scheme: "https", host: "consul.internal:8501"}},
		{"https://consul.internal:8501", "http", target{scheme: "https", host: "consul.internal:8501"}},
		{"http://consul.internal:8501", "https", target{scheme: "https", host: "consul.internal:8501"}},
		{"http://edge/consul/api", "http", target{scheme: "http", host: "edge", prefix: "/consul/api"}},
		{"unix:///run/consul.sock", "http", target{scheme: "http", host: "localhost", socket: "/run/consul.sock"}},
		{"unix:/run/consul.sock", "http", target{scheme: "http", host: "localhost", socket: "/run/consul.sock"}},
		{"/run/consul.sock", "http", target{scheme: "http", host: "localhost", socket: "/run/consul.sock"}},
	}
	for _, c := range cases {
		if got, err := parseTarget(c.address, c.scheme); got != c.want || err != nil {
			t.Errorf("%s: %+v, %v, want %+v", c.address, got, err, c.want)
		}
	}
	for _, address := range []string{"ftp://consul", "http://", ""} {
		if got, err := parseTarget(address, "http"); err == nil {
			t.Errorf("%q was taken for %+v", address, got)
		}
	}
}

func TestWrongOptions(t *testing.T) {
	for name, o := range map[string]Options{
		"a scheme":            {Address: "ftp://consul"},
		"a wait":              {Wait: -1},
		"no connections":      {MaxConnections: -1},
		"a CA file that's no": {Address: "https://127.0.0.1:1", TLSCAFile: "/does/not/exist"},
	} {
		if _, err := NewClient(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	c, err := NewClient(Options{Wait: time.Hour})
	if err != nil || c.options.Wait != 10*time.Minute {
		t.Errorf("wait %v, error %v", c.options.Wait, err)
	}
	for _, q := range []Query{{}, {Service: "api", Status: []string{"critical"}}} {
		if _, err := NewWatcher(c, q); err == nil {
			t.Errorf("%+v was accepted", q)
		}
	}
}

func TestWorstCheckDecides(t *testing.T) {
	passing := check{CheckID: "serfHealth", Name: "Serf Health Status", Status: "passing"}
	warning := check{CheckID: "w", Name: "disk", Status: "warning"}
	critical := check{CheckID: "c", Status: "critical"}
	service := check{CheckID: "_service_maintenance:api-1", Status: "critical", Notes: "upgrade"}
	node := check{CheckID: "_node_maintenance", Status: "critical"}
	cases := []struct {
		checks       []check
		status, note string
	}{
		{nil, "passing", ""},
		{[]check{passing}, "passing", ""},
		{[]check{passing, warning}, "warning", "check disk"},
		{[]check{critical, warning}, "critical", "check c"},
		{[]check{critical, service}, "maintenance", "service, upgrade"},
		{[]check{node, critical}, "maintenance", "node"},
		{[]check{{Name: "odd", Status: "a later Consul's"}}, "a later Consul's", "check odd"},
	}
	for _, c := range cases {
		status, worst := (&entry{Checks: c.checks}).status()
		if status != c.status || c.note != "" && worst.label() != c.note {
			t.Errorf("%+v: %s, %s", c.checks, status, worst.label())
		}
	}
}

// told is a sink that writes down what it is told.
type told []string

func (s *told) Update(snapshot endpoint.Snapshot) {
	text := string(snapshot.Condition)
	for _, e := range snapshot.Endpoints {
		text += " " + e.ID
	}
	*s = append(*s, text)
}

func (s *told) Fail(err error) { *s = append(*s, "failed: "+err.Error()) }

func TestMergerOfTwoDatacenters(t *testing.T) {
	a, b := errors.New("a is away"), errors.New("b is away")
	instance := func(id string) part {
		return part{endpoints: []endpoint.Endpoint{{ID: id, Note: "consul passing"}}, empty: endpoint.Empty}
	}
	nobody := part{empty: endpoint.Unknown}
	stories := []struct {
		name string
		seed []endpoint.Endpoint
		tell func(first, second place)
		want []string
	}{
		{"the second is not published before the first had its say", nil, func(first, second place) {
			second.news(instance("n/2"))
			first.news(instance("n/1"))
		}, []string{"populated b/n/2 n/1"}},
		{"a first one that fails leaves the second", nil, func(first, second place) {
			second.news(instance("n/2"))
			first.fail(a)
		}, []string{"populated b/n/2", "failed: a is away"}},
		{"neither answers", nil, func(first, second place) {
			first.fail(a)
			second.fail(b)
		}, []string{"failed: a is away", "failed: a is away; b is away"}},
		{"a failure keeps the part, and a recovery shows", nil, func(first, second place) {
			first.news(instance("n/1"))
			first.fail(a)
			first.same()
		}, []string{"populated n/1", "failed: a is away", "populated n/1"}},
		{"an earlier run stands in for a datacenter that fails",
			[]endpoint.Endpoint{{ID: "b/n/2", Tier: 1}, {ID: "n/1"}}, func(first, second place) {
				second.fail(b)
				first.news(instance("n/9"))
			}, []string{"failed: b is away", "populated b/n/2 n/9", "failed: b is away"}},
		{"unknown means unknown to all", nil, func(first, second place) {
			first.news(nobody)
			second.news(part{empty: endpoint.Empty})
			second.news(nobody)
		}, []string{"unknown", "empty", "unknown"}},
	}
	for _, story := range stories {
		t.Run(story.name, func(t *testing.T) {
			var sink told
			q := Query{Service: "api", Datacenters: []string{"a", "b"}}
			q.Seed = endpoint.NewSnapshot(q.source(7), story.seed, "")
			m := newMerger(q, &sink)
			story.tell(place{m, 0}, place{m, 1})
			if fmt.Sprintf("%q", sink) != fmt.Sprintf("%q", told(story.want)) {
				t.Errorf("told %q, want %q", sink, story.want)
			}
		})
	}
}
