package e2e

import (
	"os"
	"sync"
	"testing"

	"pingap-go/internal/testkit"
)

func TestMain(m *testing.M) {
	if name := os.Getenv(childVariable); name != "" {
		runChild(name)
		return
	}
	code := m.Run()
	shared.close()
	os.Exit(code)
}

// shared are the servers that several tests use, started by the first that does.
var shared servers

type servers struct {
	mu      sync.Mutex
	agents  map[bool]*testkit.ConsulAgent // by whether it comes back with its catalog
	program string                        // path of the built binary
	dir     string
}

// consulAgent is an agent without services. A durable one keeps its catalog over
// Kill and Restart; a test leaves it running. Ask before newStage.
func consulAgent(t *testing.T, durable bool) *testkit.ConsulAgent {
	t.Helper()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.agents == nil {
		shared.agents = map[bool]*testkit.ConsulAgent{}
	}
	agent := shared.agents[durable]
	if agent == nil {
		var err error
		if agent, err = testkit.StartConsul(testkit.ConsulOptions{Durable: durable}); err != nil {
			testkit.SkipOrFail(t, "there is no Consul: "+err.Error())
		}
		shared.agents[durable] = agent
	}
	agent.Clear(t)
	return agent
}

func (s *servers) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, agent := range s.agents {
		agent.Close()
	}
	if s.dir != "" {
		_ = os.RemoveAll(s.dir)
	}
}
