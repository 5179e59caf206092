package engine

import (
	"testing"

	"pingap-go/config"
)

// Sidecars of one user share a directory. What one has saved of its "api" is not
// another's unless both ask the same registry for the same.
func TestWhatIsSavedBelongsToItsQuestion(t *testing.T) {
	consul := func(change func(*poolKey)) poolKey {
		k := poolKey{Upstream: config.Upstream{Name: "api", Discovery: "consul", Service: "api", Status: []string{"passing"}}}
		if change != nil {
			change(&k)
		}
		return k
	}
	file := func(path string) poolKey {
		return poolKey{Upstream: config.Upstream{Name: "api", Discovery: "file", Addrs: config.List{path}}}
	}
	t.Setenv("CONSUL_HTTP_ADDR", "127.0.0.1:8500")
	plain := savedName("api", consul(nil))
	same := map[string]poolKey{
		"the address is written out": consul(func(k *poolKey) { k.Consul.Address = "http://127.0.0.1:8500" }),
		"another token":              consul(func(k *poolKey) { k.Consul.Token = "secret" }),
		"another policy":             consul(func(k *poolKey) { k.Upstream.Algorithm = "p2c" }),
	}
	for name, k := range same {
		if got := savedName("api", k); got != plain {
			t.Errorf("%s: %s is not %s", name, got, plain)
		}
	}
	others := map[string]string{
		"plain":              plain,
		"another service":    savedName("api", consul(func(k *poolKey) { k.Upstream.Service = "apj" })),
		"a tag":              savedName("api", consul(func(k *poolKey) { k.Upstream.Tags = []string{"v2"} })),
		"a filter":           savedName("api", consul(func(k *poolKey) { k.Upstream.Filter = "v2" })),
		"another datacenter": savedName("api", consul(func(k *poolKey) { k.Upstream.Datacenters = []string{"west"} })),
		"another agent":      savedName("api", consul(func(k *poolKey) { k.Consul.Address = "127.0.0.1:9500" })),
		"a namespace":        savedName("api", consul(func(k *poolKey) { k.Consul.Namespace = "team" })),
	}
	t.Setenv("CONSUL_HTTP_ADDR", "127.0.0.1:9600")
	others["another agent, by the environment"] = savedName("api", consul(nil))
	t.Setenv("CONSUL_PARTITION", "edge")
	others["a partition, by the environment"] = savedName("api", consul(nil))
	t.Chdir(t.TempDir())
	others["a file"] = savedName("api", file("list.json"))
	t.Chdir(t.TempDir())
	others["a file of the same name elsewhere"] = savedName("api", file("list.json"))
	seen := map[string]string{}
	for name, saved := range others {
		if other, taken := seen[saved]; taken {
			t.Errorf("%s and %s share %s", name, other, saved)
		}
		seen[saved] = name
	}
}

func TestWhatIsSavedOfRoutesBelongsToItsQuestion(t *testing.T) {
	t.Setenv("CONSUL_HTTP_ADDR", "127.0.0.1:8500")
	plain := savedRoutes(&config.Config{})
	if written := savedRoutes(&config.Config{Consul: config.Consul{Address: "127.0.0.1:8500", Token: "secret"}}); written != plain {
		t.Errorf("the same Consul has %s and %s", plain, written)
	}
	if others := savedRoutes(&config.Config{AutoRoutes: config.AutoRoutes{Services: []string{"web-*"}}}); others == plain {
		t.Error("other services share a file")
	}
	t.Setenv("CONSUL_HTTP_ADDR", "127.0.0.1:9600")
	if elsewhere := savedRoutes(&config.Config{}); elsewhere == plain {
		t.Error("two Consuls share a file")
	}
}
