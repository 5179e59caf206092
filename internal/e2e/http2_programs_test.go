package e2e

import (
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pingap-go/internal/testkit"
)

// runProgram runs a program that tests need and gives what it says.
func runProgram(t *testing.T, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		testkit.SkipOrFail(t, "there is no "+name)
	}
	out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v", name, err)
	}
	return string(out)
}

func TestCurlSpeaksHTTP2(t *testing.T) {
	s := newStage(t)
	s.instance("A")
	p := s.boot(combination{"h2", "h2"}.text())
	url := "http://" + p.proxy + "/echo"
	out := runProgram(t, "curl", "-sS", "-i", "--http2-prior-knowledge", "-d", "content", url)
	if !strings.HasPrefix(out, "HTTP/2 200") || !strings.Contains(out, `"Body":"content"`) {
		t.Errorf("%s", out)
	}
	if out := runProgram(t, "curl", "-sS", "-i", "--http2", url); !strings.HasPrefix(out, "HTTP/1.1 200") {
		t.Errorf("Upgrade: h2c was obeyed: %s", out)
	}
}

func TestH2loadLosesNothing(t *testing.T) {
	s := newStage(t)
	s.instance("A")
	for _, c := range []combination{{"h2", "h1"}, {"h2", "h2"}} {
		p := s.boot(c.text())
		out := runProgram(t, "h2load", "-n", "3000", "-c", "10", "-m", "30", "http://"+p.proxy+"/")
		if !strings.Contains(out, "3000 succeeded, 0 failed, 0 errored, 0 timeout") {
			t.Errorf("%s: %s", c, out)
		}
		p.leave()
	}
}

// notOurs are the cases of h2spec that fail, and why that is as it should be.
var notOurs = map[string]string{
	"3.5/2":     "a preface that is none is an HTTP/1 request to a listener that speaks both, and is answered as one",
	"6.5.3/1":   "the library ends connections whose SETTINGS repeat themselves",
	"8.1.2.2/1": "the library answers 400 where a reset is asked for; RFC 9113 section 8.1.1 allows both",
	"8.1.2.2/2": "as above",
}

// report is h2spec's report, in JUnit's form.
type report struct {
	Suites []struct {
		Cases []struct {
			Package string  `xml:"package,attr"`
			Name    string  `xml:"classname,attr"`
			Failure *string `xml:"failure"`
			Error   *string `xml:"error"`
		} `xml:"testcase"`
	} `xml:"testsuite"`
}

func TestH2specIsContent(t *testing.T) {
	path, err := testkit.Binary("PINGAP_TEST_H2SPEC", "h2spec")
	if err != nil {
		testkit.SkipOrFail(t, "there is no h2spec: "+err.Error())
	}
	s := newStage(t)
	s.instance("A")
	p := s.boot(combination{"h2", "h1"}.text())
	host, port := split(p.proxy)
	file := filepath.Join(t.TempDir(), "report.xml")
	out, _ := exec.CommandContext(t.Context(), path, "--strict", "-o", "3", "-h", host, "-p", port, "-j", file).CombinedOutput()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var r report
	if err := xml.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, suite := range r.Suites {
		for number, c := range suite.Cases {
			ran++
			section := c.Package[strings.LastIndexByte(c.Package, '/')+1:]
			known := notOurs[fmt.Sprintf("%s/%d", section, number+1)]
			if failed := c.Failure != nil || c.Error != nil; failed && known == "" {
				t.Errorf("%s case %d, %s: failed", c.Package, number+1, c.Name)
			}
		}
	}
	if ran < 140 {
		t.Errorf("%d cases ran:\n%s", ran, out)
	}
}
