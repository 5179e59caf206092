// Package e2e holds the end-to-end tests: they boot the whole program from a
// configuration text and watch it from outside, over real sockets, with a real
// Consul agent, real DNS servers and real instances.
//
//	s := newStage(t)
//	a := s.instance("A")                 // "${A}" in the text is its address
//	p := s.boot(head + `[upstreams.api] ...`)
//	l := s.load(plan{clients: 8})
//	p.reload(text)
//	l.reach(10_000)
//	l.end().wantNoFailure(t)
//
// There is no code here but tests and their stage: stage_test.go and the files
// beside it (instance, child, load, program, binary, admin, otlp) are the stage,
// each *_story_test.go is a part of what users were promised. Most tests run the
// engine in this process, so that the race detector sees it and so that what it
// leaves behind (goroutines, descriptors) can be counted when it has ended; where
// signals, exit codes or memory matter the program is built and run.
//
// Parts that need Consul skip without it, as internal/testkit says. The variable
// PINGAP_E2E_LONG=1 asks for the long forms of the outage stories, which take
// minutes (10 kills of the agent in place of 3, a freeze of 2 minutes in place
// of some seconds).
package e2e
