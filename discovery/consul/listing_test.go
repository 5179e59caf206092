package consul

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/hashicorp/consul/api"
)

// answer is the text of n instances, of which one listens on port.
func answer(n, changed, port int) []byte {
	list := make([]*api.ServiceEntry, n)
	for i := range list {
		list[i] = &api.ServiceEntry{
			Node: &api.Node{ID: "20de2840-e194-f53f-10d9-1f96fd380ef5", Node: fmt.Sprintf("node-%d", i), Address: "10.0.0.1", Datacenter: "dc1"},
			Service: &api.AgentService{
				ID: fmt.Sprintf("api-%d", i), Service: "api", Address: "10.0.0.1", Port: 1000 + i, Tags: []string{"v2", "eu"},
				Meta: map[string]string{"version": "2"}, Weights: api.AgentWeights{Passing: 1, Warning: 1},
			},
			Checks: api.HealthChecks{
				{Node: "node", CheckID: "serfHealth", Name: "Serf Health Status", Status: "passing", Output: "Agent alive and reachable"},
				{Node: "node", CheckID: "alive", Name: "alive", Status: "passing", ServiceID: "api", ServiceName: "api"},
			},
		}
	}
	if n > 0 {
		list[changed].Service.Port = port
	}
	text, err := json.Marshal(list)
	if err != nil {
		panic(err)
	}
	return text
}

func TestListingSeesEveryChange(t *testing.T) {
	l := newListing([]string{"v2"}, false, new(sync.Pool))
	for i := range 50 {
		if err := l.take(bytes.NewReader(answer(20, i%20, 5000+i))); err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("10.0.0.1:%d", 5000+i); len(l.endpoints) != 20 || l.endpoints[i%20].Address != want {
			t.Fatalf("%d endpoints, the changed one at %s, want %s", len(l.endpoints), l.endpoints[i%20].Address, want)
		}
	}
	if len(l.last.known) != 20 {
		t.Errorf("it remembers %d elements", len(l.last.known))
	}
	other := newListing([]string{"v3"}, false, new(sync.Pool))
	if err := other.take(bytes.NewReader(answer(20, 0, 1))); err != nil || len(other.endpoints) != 0 || other.instances != 20 {
		t.Errorf("%d endpoints of %d, error %v", len(other.endpoints), other.instances, err)
	}
}

// Instances come, go and change places; what is read is what is there.
func TestListingFindsItsPlaceAgain(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	l := newListing(nil, false, new(sync.Pool))
	ports := []int{1, 2, 3, 4, 5}
	for step := range 500 {
		at := random.IntN(len(ports) + 1)
		switch what := random.IntN(5); {
		case what == 0:
			ports = slices.Insert(ports, at, 100+step)
		case what == 1:
			ports = slices.Delete(ports, min(at, len(ports)), min(at+2, len(ports)))
		case what == 2 && at < len(ports):
			ports[at] = 100 + step
		case what == 3:
			random.Shuffle(len(ports), func(i, j int) { ports[i], ports[j] = ports[j], ports[i] })
		case what == 4 && at < len(ports):
			ports = append(ports, ports[at]) // two that read alike
		}
		var text, want []string
		for _, port := range ports {
			text = append(text, fmt.Sprintf(`{"Node": {"Address": "10.0.0.1"}, "Service": {"ID": "s", "Port": %d}}`, port))
			want = append(want, fmt.Sprintf("10.0.0.1:%d", port))
		}
		if err := l.take(iotest.HalfReader(strings.NewReader("[" + strings.Join(text, ",") + "]"))); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range l.endpoints {
			got = append(got, e.Address)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("step %d: %v, want %v", step, got, want)
		}
	}
}

func TestListingOfOddTexts(t *testing.T) {
	quoted := `[{"Service": {"ID": "a\"}\\", "Port": 1}}, {"Service": {"ID": "]{\\\"", "Port": 2}}]`
	cases := []struct {
		name, text string
		instances  int
		bad        bool
	}{
		{name: "nobody", text: "[]"},
		{name: "nobody, with space", text: " [ \n ] \n"},
		{name: "null", text: "null"},
		{name: "quotes, braces and backslashes in names", text: quoted, instances: 2},
		{name: "nothing", text: "", bad: true},
		{name: "something behind the list", text: `[]]`, bad: true},
		{name: "something behind null", text: `nullify`, bad: true},
		{name: "half of null", text: `nu`, bad: true},
		{name: "an object", text: "{}", bad: true},
		{name: "cut in an element", text: `[{"Service": {"ID": "a"]`, bad: true},
		{name: "cut in a string", text: `[{"Service": {"ID": "a]`, bad: true},
		{name: "cut after an element", text: `[{"Service": {"ID": "a"}},`, bad: true},
		{name: "a list of numbers", text: `[1]`, bad: true},
		{name: "an element that is no JSON", text: `[{"Service" "a"}]`, bad: true},
		{name: "a port that is no number", text: `[{"Service": {"Port": "a"}}]`, bad: true},
	}
	for _, c := range cases {
		for pieces, body := range map[string]io.Reader{
			"at once":        strings.NewReader(c.text),
			"byte by byte":   iotest.OneByteReader(strings.NewReader(c.text)),
			"with its error": iotest.DataErrReader(strings.NewReader(c.text)),
		} {
			l := newListing(nil, false, new(sync.Pool))
			if err := l.take(body); (err != nil) != c.bad || l.instances != c.instances {
				t.Errorf("%s, %s: %d instances, error %v", c.name, pieces, l.instances, err)
			}
		}
	}
}

// FuzzListing compares with the decoder of the standard library: what that takes
// for a list of objects must have as many elements here.
func FuzzListing(f *testing.F) {
	f.Add(answer(2, 0, 1))
	f.Add([]byte(`[{"a": "\\"}, {"b": "}"}]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		found := 0
		list := elements{in: iotest.HalfReader(bytes.NewReader(text))}
		for list.next() && list.object() != nil {
			found++
		}
		err := list.err()
		var want []map[string]json.RawMessage
		if json.Unmarshal(text, &want) == nil && !strings.Contains(string(text), "null") && (err != nil || found != len(want)) {
			t.Errorf("%d elements, error %v, want %d", found, err, len(want))
		}
	})
}

// BenchmarkAnswer is what an answer of 5,000 instances costs from its bytes to
// endpoints, the first one and one with a single change. Its rests, of
// a millisecond after each quarter of one, are in its time.
func BenchmarkAnswer(b *testing.B) {
	var buffers sync.Pool
	texts := [2][]byte{answer(5000, 0, 1), answer(5000, 0, 2)}
	b.Run("first", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := newListing(nil, false, &buffers).take(bytes.NewReader(texts[0])); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("one change", func(b *testing.B) {
		b.ReportAllocs()
		l := newListing(nil, false, &buffers)
		for i := 0; b.Loop(); i++ {
			if err := l.take(bytes.NewReader(texts[i%2])); err != nil {
				b.Fatal(err)
			}
		}
	})
}
