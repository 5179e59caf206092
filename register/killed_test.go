package register_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"

	"pingap-go/internal/testkit"
)

// build makes the program as it is shipped.
func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "pingap")
	c := exec.Command("go", "build", "-o", program, "pingap-go/cmd/pingap")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return program
}

// sidecar starts the program, and ends it with the test.
func sidecar(t *testing.T, program, config string) *exec.Cmd {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "pingap.toml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(program, "run", "-config", file)
	c.Env = []string{"HOME=" + dir}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	return c
}

// A sidecar that is killed says goodbye to nobody: what Consul asks itself fails
// at once, what the sidecar reports within the TTL, although the app lives on.
// Consul removes them after deregister_after. A minute is the least that it takes,
// and it looks every half minute, so this is the one slow test here: the others run
// beside it, and it does not wait for the second one to go.
func TestKilledIsRemovedByConsul(t *testing.T) {
	t.Parallel()
	agent := testkit.Consul(t, testkit.ConsulOptions{})
	ports, err := testkit.FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	listens := fmt.Sprintf("127.0.0.1:%d", ports[0])
	_, app, err := net.SplitHostPort(newApp(t).Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c := sidecar(t, build(t), fmt.Sprintf(`
[admin]
addr = ""
[consul]
address = %q
[servers.in]
addr = %q
[services.asked]
id = "asked-1"
address = %q
check = "tcp://%s?check_frequency=1s"
deregister_after = "1m"
[services.reported]
id = "reported-1"
address = "127.0.0.1"
port = %s
deregister_after = "1m"
`, agent.HTTPAddr, listens, listens, listens, app))
	await(t, agent, "asked-1", api.HealthPassing, soon)
	await(t, agent, "reported-1", api.HealthPassing, soon)
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	await(t, agent, "asked-1", api.HealthCritical, 10*time.Second)
	await(t, agent, "reported-1", api.HealthCritical, 25*time.Second)
	await(t, agent, "asked-1", "", 2*time.Minute)
}

// A sidecar that comes back is the instance that it was: the default ID names the
// host or allocation and the port, and no process.
func TestStartedAgainIsTheSameInstance(t *testing.T) {
	t.Parallel()
	agent := testkit.Consul(t, testkit.ConsulOptions{})
	host, port, err := net.SplitHostPort(newApp(t).Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf("[admin]\naddr = \"\"\n[consul]\naddress = %q\n[services.web]\naddress = %q\nport = %s\n", agent.HTTPAddr, host, port)
	program := build(t)
	only := func() (id string, err error) {
		services, err := agent.API.Agent().Services()
		for id = range services {
			if status, _, _ := agent.API.Agent().AgentHealthServiceByID(id); status != api.HealthPassing {
				err = fmt.Errorf("%s is %s", id, status)
			}
		}
		if err == nil && len(services) != 1 {
			err = fmt.Errorf("%d services are registered", len(services))
		}
		return id, err
	}
	var before string
	for range 2 {
		c := sidecar(t, program, config)
		testkit.Eventually(t, soon, func() error { _, err := only(); return err })
		id, err := only()
		if before != "" && id != before || err != nil {
			t.Errorf("it is %q now, %q before (%v)", id, before, err)
		}
		before = id
		if err := c.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = c.Wait()
		// Only who has that ID makes it pass again.
		if err := agent.API.Agent().UpdateTTL("service:"+id, "", api.HealthCritical); err != nil {
			t.Fatal(err)
		}
	}
}
