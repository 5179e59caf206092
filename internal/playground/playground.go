// Package playground is the world around the proxy in `pingap dev`: a DNS server
// that is the registry, small HTTP instances that are registered in it, and an
// API with a page to kill, add and disturb them.
//
//	p, err := playground.Start(playground.Options{Instances: 3, Log: log})
//	text := p.Config("127.0.0.1:6188", "127.0.0.1:6189") // for config.Parse
//	one, err := p.Add()
//	err = p.Kill(one.Name)   // as a crash: the registry notices later
//	p.Close()
//
// Everything is real and on loopback: DNS over UDP and TCP, HTTP over sockets, a
// crash that resets connections. The package knows nothing of the proxy; that
// the two fit together is the affair of the configuration it writes.
package playground

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Most is how many instances there may be at once.
const Most = 32

const (
	// notice is how long the registry goes on listing an instance that crashed,
	// as one does whose own checks have to find out.
	notice = 3 * time.Second
	// farewell is how long an instance that is removed goes on serving after the
	// registry has stopped listing it: longer than the proxy's refresh and hold.
	farewell = 2 * time.Second
	// patience bounds the wait for requests under way when an instance ends.
	patience = 5 * time.Second
)

// Options make a Playground. The zero value of each field but Log is good.
type Options struct {
	// Instances is how many there are at first, at most Most; 0 = none.
	Instances int
	// Registry is where the DNS server listens; "" = a free port of 127.0.0.1.
	Registry string
	// Control is where the API and the page listen; "" = a free port of 127.0.0.1.
	Control string
	// Proxy is where the traffic of the page goes, as "host:port"; "" = nowhere.
	Proxy string
	// Admin is the proxy's admin API, whose view the page shows; "" = shows none.
	Admin string
	// Log gets a line for each change.
	Log *slog.Logger
}

// Playground is a running world. Any goroutine may call its methods.
type Playground struct {
	options  Options
	log      *slog.Logger
	registry *registry
	control  *control
	traffic  *traffic
	ctx      context.Context // ends with Close
	cancel   context.CancelFunc
	tasks    sync.WaitGroup

	mu      sync.Mutex
	members []*member // the oldest first
	made    int       // how many there have ever been
}

// member is an instance as the playground keeps it.
type member struct {
	*instance
	state State
}

// State is what has become of an instance.
type State string

// The states of an instance; one that is gone is not listed.
const (
	Serving State = "serving"
	Leaving State = "leaving" // no longer registered, still serving
	Crashed State = "crashed" // dead, still registered
)

// Instance is one instance at one moment.
type Instance struct {
	Name     string `json:"name"`
	ID       string `json:"id"` // what the proxy calls it
	Address  string `json:"address"`
	Mode     Mode   `json:"mode"`
	State    State  `json:"state"`
	Requests int64  `json:"requests"` // without health checks
}

// Errors that a caller may want to tell apart.
var (
	ErrUnknown = errors.New("there is no such instance")
	ErrFull    = fmt.Errorf("there are %d instances already, the most that dev mode plays", Most)
)

// Start opens the registry, the instances and the control API. Close ends them.
func Start(o Options) (*Playground, error) {
	if o.Instances < 0 || o.Instances > Most {
		return nil, fmt.Errorf("%d instances: must be 0 to %d", o.Instances, Most)
	}
	p := &Playground{options: o, log: o.Log, traffic: newTraffic(o.Proxy)}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	if err := p.open(); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

func (p *Playground) open() (err error) {
	if p.registry, err = openRegistry(p.options.Registry); err != nil {
		return err
	}
	if p.control, err = openControl(p.options.Control, p.api()); err != nil {
		return err
	}
	for range p.options.Instances {
		if _, err := p.Add(); err != nil {
			return err
		}
	}
	return nil
}

// RegistryAddr is where the DNS server listens, as "ip:port".
func (p *Playground) RegistryAddr() string { return p.registry.addr }

// ControlAddr is where the API and the page listen, as "ip:port".
func (p *Playground) ControlAddr() string { return p.control.addr }

// Close ends everything and waits for it.
func (p *Playground) Close() {
	p.cancel()
	if p.control != nil {
		p.control.close()
	}
	p.traffic.set(0)
	p.mu.Lock()
	for _, m := range p.members {
		m.kill()
	}
	p.mu.Unlock()
	p.tasks.Wait()
	if p.registry != nil {
		p.registry.close()
	}
}
