package nomad

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pingap-go/internal/testkit"
)

// patience is how long a deployment of some tasks may take on a busy machine.
const patience = 90 * time.Second

// stage is a Consul and a Nomad agent with an ingress job on it.
type stage struct {
	testing.TB
	consul  *testkit.ConsulAgent
	nomad   *testkit.NomadAgent
	driver  string
	chroot  map[string]string
	pingap  string // its path as tasks of the driver see it
	ingress string // "127.0.0.1:port"
	ports   []int  // of the ingress and its admin API
	http    *http.Client
}

// newStage starts the agents and deploys the ingress; tasks use the driver.
func newStage(t *testing.T, driver string) *stage {
	t.Helper()
	s := &stage{TB: t, driver: driver, consul: testkit.Consul(t, testkit.ConsulOptions{})}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil { // tasks of exec are somebody else's
		t.Fatal(err)
	}
	s.pingap = build(t, dir)
	s.chroot = map[string]string{dir: "/opt/pingap"}
	s.nomad = testkit.Nomad(t, testkit.NomadOptions{Consul: s.consul.HTTPAddr, Chroot: s.chroot})
	if driver == "exec" {
		s.pingap = "/opt/pingap/pingap"
	}
	transport := &http.Transport{DisableKeepAlives: true}
	s.http = &http.Client{Timeout: 10 * time.Second, Transport: transport}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("nomad said:\n%s", s.nomad.Log())
		}
	})
	ports, err := testkit.FreePorts(2)
	if err != nil {
		t.Fatal(err)
	}
	s.ports = ports
	s.ingress = fmt.Sprintf("127.0.0.1:%d", ports[0])
	s.deploy("ingress", "consul="+s.consul.HTTPAddr, fmt.Sprintf("port=%d", ports[0]), fmt.Sprintf("admin_port=%d", ports[1]))
	testkit.Eventually(t, patience, func() error { return s.says("/nobody", 404, "") })
	return s
}

// build makes the program as it is shipped.
func build(t testing.TB, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "pingap")
	c := exec.Command("go", "build", "-o", path, "pingap-go/cmd/pingap")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return path
}

// job is the file of a job.
func job(name, file string) string { return filepath.Join("../../../nomad", name, file) }

// deploy submits a job, with variables "name=value", and does not wait.
func (s *stage) deploy(name string, variables ...string) {
	s.Helper()
	args := []string{"job", "run", "-detach"}
	for _, v := range append([]string{"driver=" + s.driver, "pingap=" + s.pingap}, variables...) {
		args = append(args, "-var", v)
	}
	s.command(append(args, job(name, "job.nomad.hcl"))...)
}

func (s *stage) command(args ...string) {
	s.Helper()
	if _, err := s.nomad.Command(args...); err != nil {
		s.Fatal(err)
	}
}

// deployment is what Nomad says of a job's newest deployment.
type deployment struct {
	ID, Status string
	TaskGroups map[string]struct {
		DesiredCanaries, HealthyAllocs int
		PlacedCanaries                 []string
	}
	JobVersion int
}

// allocation is one instance of a job's group.
type allocation struct{ ID, ClientStatus, DesiredStatus, TaskGroup, NodeName string }

// get asks Nomad's API.
func (s *stage) get(path string, into any) error {
	res, err := s.http.Get(s.nomad.Addr + path)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	return json.NewDecoder(res.Body).Decode(into)
}

// awaitDeployment waits until a job's newest deployment is as done says.
func (s *stage) awaitDeployment(name string, done func(*deployment) bool) *deployment {
	s.Helper()
	var d deployment
	testkit.Eventually(s, patience, func() error {
		d = deployment{}
		err := s.get("/v1/job/"+name+"/deployment", &d)
		if err == nil && d.Status == "failed" {
			s.Fatalf("deployment of %s failed", name)
		}
		if err == nil && !done(&d) {
			err = fmt.Errorf("deployment of %s is %+v", name, d)
		}
		return err
	})
	return &d
}

// awaitDeployed waits until a version of a job runs.
func (s *stage) awaitDeployed(name string, version int) {
	s.Helper()
	s.awaitDeployment(name, func(d *deployment) bool { return d.JobVersion == version && d.Status == "successful" })
}

// running are the allocations of a job's group that run, by ID.
func (s *stage) running(name, group string) []string {
	s.Helper()
	var all []allocation
	if err := s.get("/v1/job/"+name+"/allocations", &all); err != nil {
		s.Fatal(err)
	}
	var ids []string
	for _, a := range all {
		if a.TaskGroup == group && a.ClientStatus == "running" && a.DesiredStatus == "run" {
			ids = append(ids, a.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

// passing are the IDs of a service's healthy instances in Consul.
func (s *stage) passing(service string) []string {
	s.Helper()
	entries, _, err := s.consul.API.Health().Service(service, "", true, nil)
	if err != nil {
		s.Fatal(err)
	}
	var ids []string
	for _, e := range entries {
		ids = append(ids, e.Service.ID)
	}
	return ids
}

// replaceAll stops every allocation of a group, each after the replacement of
// the one before has become healthy.
func (s *stage) replaceAll(name, group, service string) {
	s.Helper()
	before := s.running(name, group)
	for _, id := range before {
		s.command("alloc", "stop", "-detach", id)
		testkit.Eventually(s, patience, func() error {
			ids := s.passing(service)
			gone := !slices.ContainsFunc(ids, func(known string) bool { return strings.Contains(known, id) })
			if now := s.running(name, group); len(ids) != len(before) || len(now) != len(before) || !gone {
				return fmt.Errorf("allocations %v run, instances %v are healthy", now, ids)
			}
			return nil
		})
	}
}

// stop ends a job and waits until its tasks have ended.
func (s *stage) stop(name string) {
	s.Helper()
	s.command("job", "stop", "-detach", name)
	testkit.Eventually(s, patience, func() error {
		var all []allocation
		err := s.get("/v1/job/"+name+"/allocations", &all)
		for _, a := range all {
			if a.ClientStatus == "running" || a.ClientStatus == "pending" {
				err = fmt.Errorf("allocation %s is %s", a.ID, a.ClientStatus)
			}
		}
		return err
	})
}

// wantNothingLeft checks that Consul knows no service but its own and Nomad's.
func (s *stage) wantNothingLeft() {
	s.Helper()
	testkit.Eventually(s, patience, func() error {
		names, _, err := s.consul.API.Catalog().Services(nil)
		for name := range names {
			if name != "consul" && !strings.HasPrefix(name, "nomad") {
				err = fmt.Errorf("%s is still registered", name)
			}
		}
		return err
	})
}

// ask sends one request through the ingress.
func (s *stage) ask(path string) (*http.Response, string, error) {
	res, err := s.http.Get("http://" + s.ingress + path)
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res, string(body), err
}

// says reports how an answer differs from a status and a beginning of its body.
func (s *stage) says(path string, status int, body string) error {
	res, text, err := s.ask(path)
	if err == nil && (res.StatusCode != status || !strings.HasPrefix(text, body)) {
		err = fmt.Errorf("%s answered %d %q, want %d %q", path, res.StatusCode, text, status, body)
	}
	return err
}

func (s *stage) eventually(path string, status int, body string) {
	s.Helper()
	testkit.Eventually(s, patience, func() error { return s.says(path, status, body) })
}
