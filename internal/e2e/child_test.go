package e2e

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// childVariable makes this test binary an instance of the name that it holds.
const childVariable = "PINGAP_E2E_INSTANCE"

// runChild is the whole of an instance's process: it prints its address and
// serves until it is killed or its standard input ends.
func runChild(name string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(l.Addr())
	i := &instance{name: name}
	i.behave(i.greet)
	i.serve(l)
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// child is an instance in a process of its own, which can be killed and frozen.
type child struct {
	name, addr string
	cmd        *exec.Cmd
	input      io.Closer
}

// child starts a process whose address stands in for ${NAME}.
func (s *stage) child(name string) *child {
	s.Helper()
	c := &child{name: name, cmd: exec.Command(os.Args[0])}
	c.cmd.Env = append(os.Environ(), childVariable+"="+name)
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		s.Fatal(err)
	}
	if c.input, err = c.cmd.StdinPipe(); err != nil {
		s.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		s.Fatal(err)
	}
	s.Cleanup(c.kill)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		s.Fatalf("instance %s does not say where it is: %v", name, err)
	}
	c.addr = strings.TrimSpace(line)
	s.env[name] = c.addr
	return c
}

// kill ends the process at once, by SIGKILL. The second time it does nothing.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
	_ = c.input.Close()
}

// freeze stops the process: its sockets stay open and say nothing.
func (c *child) freeze() { _ = c.cmd.Process.Signal(syscall.SIGSTOP) }
