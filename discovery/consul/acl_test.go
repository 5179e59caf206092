package consul_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"

	"pingap-go/discovery"
	"pingap-go/discovery/consul"
	"pingap-go/endpoint"
	"pingap-go/internal/testkit"
)

const root = "11111111-2222-3333-4444-555555555555"

// TestACLs runs against one agent that denies by default.
func TestACLs(t *testing.T) {
	agent := testkit.Consul(t, testkit.ConsulOptions{Token: root, HCL: []string{
		`acl { enabled = true  default_policy = "deny"  tokens { initial_management = "` + root + `" } }`,
	}})
	testkit.Eventually(t, soon, func() error {
		return agent.API.Agent().ServiceRegister(testkit.Instance("api", "api-1", "127.0.0.1:9001"))
	})
	reader := token(t, agent, `service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }`)

	t.Run("a token with rights sees the instance", func(t *testing.T) {
		sink := follow(t, client(t, consul.Options{Address: agent.HTTPAddr, Token: reader}), consul.Query{Service: "api"})
		sink.Await(t, soon, members("api-1"))
	})
	t.Run("with rights an unknown service is unknown", func(t *testing.T) {
		sink := follow(t, client(t, consul.Options{Address: agent.HTTPAddr, Token: reader}), consul.Query{Service: "nobody"})
		sink.Await(t, soon, condition(endpoint.Unknown))
	})
	t.Run("a token without rights is denied", func(t *testing.T) {
		denied(t, agent, consul.Options{Token: token(t, agent, `key_prefix "" { policy = "read" }`)}, "filtered out")
	})
	t.Run("a token that may see the service but not its node is denied", func(t *testing.T) {
		denied(t, agent, consul.Options{Token: token(t, agent, `service "api" { policy = "read" }`)}, "filtered out")
	})
	t.Run("a token that does not exist is denied", func(t *testing.T) {
		denied(t, agent, consul.Options{Token: "99999999-2222-3333-4444-555555555555"}, "ACL not found")
	})
	t.Run("no token is denied", func(t *testing.T) {
		denied(t, agent, consul.Options{}, "no token is set")
	})
	t.Run("a token in a file follows the file", func(t *testing.T) { tokenFile(t, agent, reader) })
	t.Run("the environment stands in", func(t *testing.T) {
		t.Setenv("CONSUL_HTTP_ADDR", agent.HTTPAddr)
		t.Setenv("CONSUL_HTTP_TOKEN", reader)
		follow(t, client(t, consul.Options{}), consul.Query{Service: "api"}).Await(t, soon, members("api-1"))
	})
	t.Run("a deleted token keeps the last good answer", func(t *testing.T) { deletedToken(t, agent) })
	t.Run("a token that loses its rights keeps the last good answer", func(t *testing.T) { poorerToken(t, agent) })
	t.Run("a token that the agent lends is as good as ours", func(t *testing.T) { lentToken(t, agent, reader) })
}

// token makes an ACL token with one policy.
func token(t *testing.T, agent *testkit.ConsulAgent, rules string) string {
	t.Helper()
	name := strings.NewReplacer("/", "-", "#", "-").Replace(t.Name())
	policy, _, err := agent.API.ACL().PolicyCreate(&api.ACLPolicy{Name: name, Rules: rules}, nil)
	if err != nil {
		t.Fatal(err)
	}
	made, _, err := agent.API.ACL().TokenCreate(&api.ACLToken{Policies: []*api.ACLTokenPolicyLink{{ID: policy.ID}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return made.SecretID
}

// denied wants an error that says why, and no snapshot.
func denied(t *testing.T, agent *testkit.ConsulAgent, o consul.Options, why string) {
	t.Helper()
	o.Address = agent.HTTPAddr
	sink := follow(t, client(t, o), consul.Query{Service: "api"})
	err := sink.AwaitErr(t, soon)
	if !errors.Is(err, discovery.ErrDenied) || !strings.Contains(err.Error(), why) {
		t.Errorf("error %q, want one of discovery.ErrDenied with %q", err, why)
	}
	if updates, _ := sink.Counts(); updates != 0 {
		t.Errorf("%d snapshots were published", updates)
	}
}

func tokenFile(t *testing.T, agent *testkit.ConsulAgent, reader string) {
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte("99999999-2222-3333-4444-555555555555\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	sink := follow(t, client(t, consul.Options{Address: agent.HTTPAddr, TokenFile: path}), consul.Query{Service: "api"})
	sink.AwaitErr(t, soon)
	if err := os.WriteFile(path, []byte(reader), 0o600); err != nil {
		t.Fatal(err)
	}
	sink.Await(t, 2*soon, members("api-1"))
}

// deletedToken deletes a token while its query is on the way to the agent or waits
// there. The query may yet bring a change that is true of the catalog, or go on
// over a stream that does not end: then the heartbeat finds out.
func deletedToken(t *testing.T, agent *testkit.ConsulAgent) {
	secret := token(t, agent, `service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }`)
	c := client(t, consul.Options{Address: agent.HTTPAddr, Token: secret, Heartbeat: time.Second})
	sink := follow(t, c, consul.Query{Service: "api"})
	sink.Await(t, soon, members("api-1"))
	self, _, err := agent.API.ACL().TokenReadSelf(&api.QueryOptions{Token: secret})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := agent.API.ACL().TokenDelete(self.AccessorID, nil); err != nil {
		t.Fatal(err)
	}
	agent.Register(t, testkit.Instance("api", "api-2", "127.0.0.1:9002"))
	t.Cleanup(func() { agent.Deregister(t, "api-2") })
	if err := sink.AwaitErr(t, 2*soon); !errors.Is(err, discovery.ErrDenied) {
		t.Errorf("error %q, want discovery.ErrDenied", err)
	}
	if last, _ := sink.Last(); !members("api-1")(last) && !members("api-1", "api-2")(last) {
		t.Errorf("the last snapshot became %+v", last)
	}
}

// poorerToken takes the rights of a token away while its query waits. The stream
// that it waits on then goes quiet, and says nothing of ACLs.
func poorerToken(t *testing.T, agent *testkit.ConsulAgent) {
	secret := token(t, agent, `service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }`)
	sink := follow(t, client(t, consul.Options{Address: agent.HTTPAddr, Token: secret, Wait: time.Second}), consul.Query{Service: "api"})
	sink.Await(t, soon, serving("api-1", "consul passing"))
	self, _, err := agent.API.ACL().TokenReadSelf(&api.QueryOptions{Token: secret})
	if err != nil {
		t.Fatal(err)
	}
	policy, _, err := agent.API.ACL().PolicyRead(self.Policies[0].ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	policy.Rules = `key_prefix "" { policy = "read" }`
	if _, _, err := agent.API.ACL().PolicyUpdate(policy, nil); err != nil {
		t.Fatal(err)
	}
	agent.Register(t, testkit.Instance("api", "api-1", "127.0.0.1:9009"))
	t.Cleanup(func() { agent.Register(t, testkit.Instance("api", "api-1", "127.0.0.1:9001")) })
	if err := sink.AwaitErr(t, 2*soon); !errors.Is(err, discovery.ErrDenied) {
		t.Errorf("error %q, want discovery.ErrDenied", err)
	}
	if last, _ := sink.Last(); !serving("api-1", "consul passing")(last) {
		t.Errorf("the last snapshot became %+v", last)
	}
}

// lentToken must be last: the agent keeps the token.
func lentToken(t *testing.T, agent *testkit.ConsulAgent, reader string) {
	if _, err := agent.API.Agent().UpdateDefaultACLToken(reader, nil); err != nil {
		t.Fatal(err)
	}
	c := client(t, consul.Options{Address: agent.HTTPAddr})
	follow(t, c, consul.Query{Service: "api"}).Await(t, soon, serving("api-1", "consul passing"))
	follow(t, c, consul.Query{Service: "nobody"}).Await(t, soon, condition(endpoint.Unknown))
}
