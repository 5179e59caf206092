package testkit

import (
	"net"
	"sync"
	"testing"

	"github.com/miekg/dns"
)

// DNSServer is a DNS server on 127.0.0.1, UDP and TCP on one port, that answers
// by script. All methods may be called while it serves.
type DNSServer struct {
	// Addr is "127.0.0.1:port".
	Addr string

	mu      sync.Mutex
	scripts map[dns.Question]Script
	asked   []Asked
	plain   bool
	noTCP   bool
}

// Script writes the answer to one question. A nil return says nothing at all,
// so that the client runs into its time-out.
type Script func(q Asked, answer *dns.Msg) *dns.Msg

// Asked is one question that the server got.
type Asked struct {
	Question dns.Question
	TCP      bool
	UDPSize  uint16 // of its EDNS0 record; 0 without one
}

// DNS starts a server that ends with the test. What it has no script for is
// NXDOMAIN.
func DNS(t testing.TB) *DNSServer {
	t.Helper()
	s := &DNSServer{scripts: make(map[dns.Question]Script)}
	ports, err := FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	address := net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: ports[0]}
	s.Addr = address.String()
	s.serve(t, &dns.Server{Addr: s.Addr, Net: "udp", Handler: s})
	s.serve(t, &dns.Server{Addr: s.Addr, Net: "tcp", Handler: s})
	return s
}

// listenAndServe runs a server and tells how it ended.
func listenAndServe(server *dns.Server, ended chan<- error) { ended <- server.ListenAndServe() }

func (s *DNSServer) serve(t testing.TB, server *dns.Server) {
	t.Helper()
	started, ended := make(chan struct{}), make(chan error, 1)
	server.NotifyStartedFunc = func() { close(started) }
	go listenAndServe(server, ended)
	select {
	case <-started:
	case err := <-ended:
		t.Fatalf("start DNS server on %s: %v", server.Net, err)
	}
	t.Cleanup(func() {
		_ = server.Shutdown()
		<-ended
	})
}

// Script sets how questions for name and type are answered from now on.
func (s *DNSServer) Script(name string, qtype uint16, script Script) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scripts[question(name, qtype)] = script
}

// Answer has questions for name and type answered with these records, in zone
// file form. None is NODATA.
func (s *DNSServer) Answer(name string, qtype uint16, records ...string) {
	parsed := Records(records...)
	s.Script(name, qtype, func(_ Asked, answer *dns.Msg) *dns.Msg {
		answer.Answer = parsed
		return answer
	})
}

// Refuse has questions for name and type answered with rcode and no record.
func (s *DNSServer) Refuse(name string, qtype uint16, rcode int) {
	s.Script(name, qtype, func(_ Asked, answer *dns.Msg) *dns.Msg {
		answer.Rcode = rcode
		return answer
	})
}

// Plain makes the server one that knows no EDNS0.
func (s *DNSServer) Plain(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plain = on
}

// RefuseTCP makes the server close TCP connections without an answer.
func (s *DNSServer) RefuseTCP(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noTCP = on
}

// Asked lists the questions so far, the oldest first.
func (s *DNSServer) Asked() []Asked {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Asked(nil), s.asked...)
}

// Forget empties the list of questions.
func (s *DNSServer) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = nil
}

// ServeDNS answers one question; it is for the dns package.
func (s *DNSServer) ServeDNS(w dns.ResponseWriter, request *dns.Msg) {
	asked := Asked{Question: request.Question[0], TCP: w.RemoteAddr().Network() == "tcp"}
	if opt := request.IsEdns0(); opt != nil {
		asked.UDPSize = opt.UDPSize()
	}
	script, plain, silent := s.scriptFor(asked)
	if silent {
		_ = w.Close()
		return
	}
	answer := new(dns.Msg).SetReply(request)
	if asked.UDPSize > 0 && !plain {
		answer.SetEdns0(4096, false)
	}
	if script == nil {
		answer.Rcode = dns.RcodeNameError
	} else {
		answer = script(asked, answer)
	}
	if answer != nil {
		_ = w.WriteMsg(answer)
	}
}

func (s *DNSServer) scriptFor(asked Asked) (script Script, plain, silent bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, asked)
	return s.scripts[question(asked.Question.Name, asked.Question.Qtype)], s.plain, s.noTCP && asked.TCP
}

// Records parses records in zone file form and panics when one is wrong.
func Records(lines ...string) []dns.RR {
	records := make([]dns.RR, 0, len(lines))
	for _, line := range lines {
		record, err := dns.NewRR(line)
		if err != nil {
			panic(err)
		}
		records = append(records, record)
	}
	return records
}

func question(name string, qtype uint16) dns.Question {
	return dns.Question{Name: dns.CanonicalName(name), Qtype: qtype, Qclass: dns.ClassINET}
}
