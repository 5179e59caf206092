package main

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"

	"pingap-go/internal/playground"
)

// greeting says what runs and what to try; every line of it can be copied.
func (o devOptions) greeting(p *playground.Playground) string {
	host, port, _ := net.SplitHostPort(p.RegistryAddr()) // it listens there: it is an address
	status := self() + " status"
	if o.admin != "127.0.0.1:6189" {
		status += " -admin " + o.admin
	}
	return strings.NewReplacer(
		"PROXY", "http://"+o.addr, "ADMIN", "http://"+o.admin, "CONTROL", "http://"+p.ControlAddr(),
		"REGISTRY", p.RegistryAddr(), "DNSHOST", host, "DNSPORT", port,
		"SERVICE", playground.Service, "STATUS", status,
	).Replace(greetingText)
}

const greetingText = `
pingap dev: all of it on this machine, and gone with Ctrl-C.

  proxy     PROXY     sends each request to a living instance
  admin     ADMIN     the pool: who is in, who is out, and why
  control   CONTROL     kill, add and disturb instances
  registry  REGISTRY (DNS)     what SERVICE says is there

Open CONTROL in a browser, or try in another terminal:

  # ask again and again; nothing of what follows makes this fail
  while curl -fsS PROXY/; do sleep 0.1; done

  # crash one, add one, take one out in good order, have five
  curl -XPOST   CONTROL/api/instances/app-1/kill
  curl -XPOST   CONTROL/api/instances
  curl -XDELETE CONTROL/api/instances/app-2
  curl -XPOST  'CONTROL/api/scale?to=5'

  # make one slow, failing, flaky, unhealthy, or well again
  curl -XPOST  'CONTROL/api/instances/app-3/mode?set=failing'

  # see what the registry says, and what the proxy makes of it
  dig @DNSHOST -p DNSPORT SERVICE SRV +short
  STATUS

`

// checkPorts says of all addresses at once which ones are taken, and what to do.
func (o devOptions) checkPorts() error {
	var taken []string
	for _, a := range []struct{ flag, addr string }{{"addr", o.addr}, {"admin", o.admin}, {"control", o.control}} {
		l, err := net.Listen("tcp", a.addr)
		switch {
		case err == nil:
			l.Close()
		case errors.Is(err, syscall.EADDRINUSE):
			taken = append(taken, fmt.Sprintf("%s is taken; choose another with -%s, for example -%s %s", a.addr, a.flag, a.flag, free()))
		default:
			return fmt.Errorf("-%s: %w", a.flag, err)
		}
	}
	if len(taken) > 0 {
		return errors.New(strings.Join(taken, "\n        "))
	}
	return nil
}

// defaultControl is where dev mode's own page is, unless something is there.
const defaultControl = "127.0.0.1:6190"

// controlAddr is preferred, or any free port when it is taken: who chose the
// proxy's and the admin API's addresses need not know of a third one.
func controlAddr(preferred string) string {
	l, err := net.Listen("tcp", preferred)
	if err != nil {
		return "127.0.0.1:0"
	}
	l.Close()
	return preferred
}

// free is an address of 127.0.0.1 that is free right now.
func free() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "127.0.0.1:7188"
	}
	defer l.Close()
	return l.Addr().String()
}
