// Package nomad holds the end-to-end tests of the jobs under nomad/: it runs them
// on a real Nomad agent with a real Consul, sends requests through them while
// they are deployed anew, promoted, drained and reloaded, and looks afterwards
// that no request was lost and nothing is left registered.
//
//	s := newStage(t)
//	s.deploy("web", "version=v2")
//	l := s.load("/web")
//	s.promote("web")
//	l.end().wantNoFailure(t)
//
// There is no code here but tests. They need Consul, Nomad and the rights of
// root, and skip without them as internal/testkit says.
package nomad
