package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/consul/api"

	"pingap-go/admin"
	"pingap-go/internal/testkit"
)

const management = "11111111-2222-3333-4444-555555555555"

const fiveEmpties = head + `
[consul]
address = "${CONSUL}"
token_file = "${TOKEN}"
[upstreams.good]
discovery = "consul"
service = "good"
[upstreams.nobody]
discovery = "consul"
service = "nobody"
[upstreams.untagged]
discovery = "consul"
service = "good"
tags = ["v9"]
[upstreams.sick]
discovery = "consul"
service = "sick"
[upstreams.hidden]
discovery = "consul"
service = "hidden"
[upstreams.unheard]
discovery = "srv"
addrs = ["_unheard._tcp.test"]
dns_server = ["${NOBODY}"]
[locations.good]
upstream = "good"
`

// What it means that a pool is empty has a word of its own each, in the API and in
// the log.
func TestFiveKindsOfEmptyHaveFiveWords(t *testing.T) {
	agent := guardedAgent(t)
	s := newStage(t)
	s.instance("a")
	s.env["CONSUL"], s.env["TOKEN"] = agent.HTTPAddr, filepath.Join(t.TempDir(), "token")
	agent.Register(t, testkit.Instance("good", "good", s.env["a"]), testkit.Instance("sick", "sick", s.env["a"]), testkit.Instance("hidden", "hidden", s.env["a"]))
	agent.SetStatus(t, "sick", api.HealthCritical)
	secret := agent.token(t, `service_prefix "" { policy = "read" } service "hidden" { policy = "deny" } node_prefix "" { policy = "read" }`)
	s.writeToken(secret)
	p := s.boot(fiveEmpties)

	for upstream, condition := range map[string]string{
		"good": "populated", "nobody": "unknown", "untagged": "empty", "sick": "unhealthy", "hidden": "denied", "unheard": "not_synced",
	} {
		p.await(upstream, patience, wantCondition(condition))
		switch condition {
		case "not_synced": // nothing to say before the first error, which DNS takes its time for
		case "denied":
			p.log.awaitText(t, `msg="membership is not known yet" upstream=hidden`)
		default:
			p.log.awaitText(t, "condition="+condition)
		}
	}
	if why := p.upstream("hidden").LastError; !strings.Contains(why, "denied by ACLs") {
		t.Errorf("the hidden one's last error is %q", why)
	}
	if why := p.upstream("sick").Endpoints[0].Reason; why != "consul critical: check alive" {
		t.Errorf("the sick one is out because of %q", why)
	}

	agent.SetStatus(t, "good", api.HealthCritical)
	p.await("good", patience, wantCondition("unhealthy"))
	p.log.awaitText(t, `msg="membership is unhealthy" upstream=good`)
	agent.SetStatus(t, "good", api.HealthPassing)
	p.await("good", patience, wantCondition("populated"))
}

// A token that is deleted takes nobody away.
func TestADeletedTokenLeavesTheMembersInForce(t *testing.T) {
	agent := guardedAgent(t)
	s := newStage(t)
	s.instance("a")
	s.env["CONSUL"], s.env["TOKEN"] = agent.HTTPAddr, filepath.Join(t.TempDir(), "token")
	agent.Register(t, testkit.Instance("api", "a", s.env["a"]))
	secret := agent.token(t, `service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }`)
	s.writeToken(secret)
	p := s.boot(strings.Replace(consulAPI, "[upstreams.api]", "token_file = \"${TOKEN}\"\n[upstreams.api]", 1))
	p.awaitUp("api", patience, "a")
	l := s.load(plan{rate: 200})

	self, _, err := agent.API.ACL().TokenReadSelf(&api.QueryOptions{Token: secret})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := agent.API.ACL().TokenDelete(self.AccessorID, nil); err != nil {
		t.Fatal(err)
	}
	p.await("api", 3*patience, func(u admin.Upstream) error {
		if !u.Stale || !strings.Contains(u.LastError, "denied by ACLs") || u.Condition != "populated" || len(up(u)) != 1 {
			return fmt.Errorf("the pool is said to be %+v", u)
		}
		return nil
	})
	l.more(200)
	s.writeToken(agent.token(t, `service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }`))
	p.await("api", 3*patience, stale(false))
	l.end().wantNoFailure(t)
	if said := strings.Count(p.log.String(), "membership is stale"); said != 1 {
		t.Errorf("it was logged %d times", said)
	}
}

// guarded is an agent that denies what no token allows.
type guarded struct {
	*testkit.ConsulAgent
	policies int
}

func guardedAgent(t *testing.T) *guarded {
	t.Helper()
	agent := testkit.Consul(t, testkit.ConsulOptions{Token: management, HCL: []string{
		`acl { enabled = true  default_policy = "deny"  tokens { initial_management = "` + management + `" agent = "` + management + `" } }`,
	}})
	testkit.Eventually(t, 2*patience, func() error {
		_, _, err := agent.API.ACL().TokenReadSelf(nil)
		return err
	})
	return &guarded{ConsulAgent: agent}
}

// token makes a token with these rules.
func (g *guarded) token(t *testing.T, rules string) string {
	t.Helper()
	g.policies++
	policy, _, err := g.API.ACL().PolicyCreate(&api.ACLPolicy{Name: fmt.Sprintf("policy-%d", g.policies), Rules: rules}, nil)
	if err != nil {
		t.Fatal(err)
	}
	made, _, err := g.API.ACL().TokenCreate(&api.ACLToken{Policies: []*api.ACLTokenPolicyLink{{ID: policy.ID}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return made.SecretID
}

func (s *stage) writeToken(secret string) {
	s.Helper()
	if err := os.WriteFile(s.env["TOKEN"], []byte(secret+"\n"), 0o600); err != nil {
		s.Fatal(err)
	}
}

func wantCondition(want string) func(admin.Upstream) error {
	return func(u admin.Upstream) error {
		if u.Condition != want {
			return fmt.Errorf("%s is %q (%s), not %q", u.Name, u.Condition, u.LastError, want)
		}
		return nil
	}
}
