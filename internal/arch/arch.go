// Package arch holds the repository to its own rules. It has tests and no code:
// they read the source files (imports, sizes, comments; nothing is compiled) and
// fail with the rule and the reason for it.
//
//	go test ./internal/arch
//
// What is held: which package may import which (map_test.go is that table, and
// the first page to read about the project's shape), that every package opens
// with a page about itself, that kinds and plugins have their README, how long
// files and functions may get, that goroutines have names, that nothing sleeps
// and no test skips where it should not, that packages keep no mutable state,
// the project's words, and that no file names a machine.
//
// A rule may be broken where breaking it is better, in the open: the place is
// listed in exceptions_test.go with the reason, and a line there that is no
// longer needed fails too.
package arch
