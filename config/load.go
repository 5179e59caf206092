package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

// Environment looks up a variable, as os.LookupEnv does.
type Environment func(name string) (string, bool)

// Load reads the configuration at name: a file, or a directory whose *.toml
// files are put together in the order of their names. It needs the environment
// for ${NAME}. What is wrong with the text comes back as Problems; a file that
// cannot be read is an ordinary error.
func Load(name string, env func(string) (string, bool), more ...Check) (*Config, error) {
	files, err := configFiles(name)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	sources := make([]source, 0, len(files))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read configuration: %w", err)
		}
		sources = append(sources, source{name: file, text: string(text)})
	}
	return load(sources, env, more)
}

// Parse is Load for a text in memory; name stands for the file in errors.
func Parse(name, text string, env func(string) (string, bool), more ...Check) (*Config, error) {
	return load([]source{{name: name, text: text}}, env, more)
}

// Check finds mistakes that only the caller can know of, such as a plugin's own
// keys. Load calls it beside its own checks, so that all problems are told at
// once: what c holds may be as wrong as the file. Where Load has a problem
// already, one of Check's at the same place is dropped.
type Check func(c *Config) Problems

// source is one file of the configuration.
type source struct{ name, text string }

// configFiles lists the files that name stands for. Hidden files, which editors
// leave behind, are left out.
func configFiles(name string) ([]string, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{name}, nil
	}
	files, err := filepath.Glob(filepath.Join(name, "*.toml"))
	if err != nil {
		return nil, err
	}
	files = slices.DeleteFunc(files, func(file string) bool { return strings.HasPrefix(filepath.Base(file), ".") })
	if len(files) == 0 {
		return nil, fmt.Errorf("directory %s holds no *.toml file", name)
	}
	return files, nil
}

// load turns sources into a Config, or says everything that is wrong with them.
func load(sources []source, env Environment, more []Check) (*Config, error) {
	files, err := parseAll(sources)
	if err != nil {
		return nil, err
	}
	b := newBinder(positions{})
	tree := b.merge(files)
	b.expand(tree, env)
	b.respell(tree)
	cfg := &Config{where: b.where}
	b.table(nil, tree, reflect.ValueOf(cfg).Elem())
	b.complete(cfg)
	b.check(cfg)
	for _, check := range more {
		b.problems = b.problems.with(check(cfg))
	}
	if err := b.problems.asError(); err != nil {
		return nil, err
	}
	return cfg, nil
}

// parsed is one file as a tree of TOML values.
type parsed struct {
	tree  map[string]any
	where positions
}

// parseAll reads the syntax of all sources. Where one of them has a fault in its
// syntax, only such faults are reported: what else there is to say is unsure.
func parseAll(sources []source) ([]parsed, error) {
	var files []parsed
	var problems Problems
	for _, s := range sources {
		file, problem := parse(s)
		if problem != nil {
			problems = append(problems, *problem)
			continue
		}
		files = append(files, file)
	}
	return files, problems.asError()
}

// parse reads the syntax of one source.
func parse(s source) (parsed, *Problem) {
	text := strings.TrimPrefix(s.text, "\ufeff")
	if !utf8.ValidString(text) {
		return parsed{}, &Problem{File: s.name, Line: 1, Col: 1, Text: "the file is not UTF-8 text"}
	}
	var tree map[string]any
	_, err := toml.Decode(text, &tree)
	if err == nil {
		return parsed{tree: tree, where: indexText(s.name, text)}, nil
	}
	problem := Problem{File: s.name, Line: 1, Col: 1, Text: err.Error()}
	if at, ok := errors.AsType[toml.ParseError](err); ok {
		// Of the library's position only the offset is right in all cases.
		problem.Line, problem.Col = lineStarts(text).at(text, at.Position.Start)
		problem.Text = strings.TrimSuffix(at.Message, ".")
	}
	return parsed{}, &problem
}

// merge puts the trees of several files together. What stands one level below a
// section (a name as in [upstreams.NAME], a key as in [basic]) may be defined
// in one file only.
func (b *binder) merge(files []parsed) map[string]any {
	tree := map[string]any{}
	for _, file := range files {
		for section, value := range file.tree {
			b.mergeSection(tree, path{section}, value, file.where)
		}
		for id, at := range file.where {
			if _, twice := b.where[id]; !twice {
				b.where[id] = at
			}
		}
	}
	return tree
}

func (b *binder) mergeSection(tree map[string]any, at path, value any, where positions) {
	have, ok := tree[at[0]]
	if !ok {
		tree[at[0]] = value
		return
	}
	into, intoTable := have.(map[string]any)
	from, fromTable := value.(map[string]any)
	if !intoTable || !fromTable {
		b.twice(at, where)
		return
	}
	for name, v := range from {
		if _, ok := into[name]; ok {
			b.twice(at.to(name), where)
			continue
		}
		into[name] = v
	}
}

// twice reports a name or key that an earlier file has defined as well.
func (b *binder) twice(at path, where positions) {
	first := b.where.find(at)
	b.problems = append(b.problems, where.problem(at,
		fmt.Sprintf("already defined at %s:%d:%d", first.file, first.line, first.col), ""))
}
