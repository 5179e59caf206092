// Package config turns TOML text into plain structs, and every mistake in it
// into a sentence with file, line, column and key.
//
//	cfg, err := config.Load("/etc/pingap", os.LookupEnv)
//	var problems config.Problems
//	if errors.As(err, &problems) {
//		for _, p := range problems {
//			fmt.Println(p) // pingap.toml:12:1: locations.api.upstrem: unknown key (did you mean "upstream"?)
//		}
//	}
//
// A load is a line of steps, each in a file of its own:
//
//	load.go      read the files, parse them, put them together
//	index.go     find out where each key stands, for error messages
//	expand.go    put environment variables in place of ${NAME}
//	spelling.go  turn Pingap's spellings into ours
//	bind.go      fill the structs by their tags (value.go: the leaves)
//	complete.go  fill in what follows from other keys
//	check*.go    everything that types cannot say
//
// The structs are the reference. Their tags say key (`toml`), default
// (`default`), accepted words (`oneof`), bounds (`min`, `max`; without `min`,
// nothing below zero is accepted), the discovery kinds a key is for (`only`)
// and what GET /api/v1/config hides (`secret`). docs/configuration.md is checked
// against them by a test.
//
// A Config is never changed after Load, and Server, Location, Upstream and
// Service hold no position, so that reflect.DeepEqual of two loads tells a
// reload what stayed the same (for plugins: Plugin.Equal).
//
// The package opens no socket and knows no plugin category: a plugin decodes its
// own keys through Plugin.Decode, and the engine reports what later stages find
// with Config.Problem, so that these errors have a position as well.
package config
