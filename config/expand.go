package config

import (
	"fmt"
	"regexp"
)

// fromEnv is a string that stands for whatever its key takes: what an
// environment variable gave, or a parameter of a health check's URL. Numbers and
// booleans may be written in it.
type fromEnv string

// variable is ${NAME} or ${NAME:-default}. Names begin with an upper-case letter
// or "_", so that the replacements of regular expressions (${name}, $1) stay as
// they are.
var variable = regexp.MustCompile(`\$\{([A-Z_][A-Za-z0-9_]*)(:-[^}]*)?(\}?)`)

// expand puts environment variables into all strings of tree. It also makes
// every array a []any, so that the steps after it know only one kind.
func (b *binder) expand(tree map[string]any, env Environment) {
	for name, value := range tree {
		tree[name] = b.expandValue(path{name}, value, env)
	}
}

func (b *binder) expandValue(at path, value any, env Environment) any {
	switch v := value.(type) {
	case string:
		return b.expandString(at, v, env)
	case map[string]any:
		for name, inner := range v {
			v[name] = b.expandValue(at.to(name), inner, env)
		}
	case []any:
		for i, inner := range v {
			v[i] = b.expandValue(at.to(element(i)), inner, env)
		}
	case []map[string]any:
		list := make([]any, len(v))
		for i, inner := range v {
			list[i] = b.expandValue(at.to(element(i)), inner, env)
		}
		return list
	}
	return value
}

func (b *binder) expandString(at path, s string, env Environment) any {
	if !variable.MatchString(s) {
		return s
	}
	return fromEnv(variable.ReplaceAllStringFunc(s, func(match string) string {
		part := variable.FindStringSubmatch(match)
		name, fallback, closed := part[1], part[2], part[3] != ""
		if !closed {
			b.report(at, fmt.Sprintf("%s… is neither ${NAME} nor ${NAME:-default}", match), "")
			return match
		}
		value, ok := env(name)
		switch {
		case fallback != "" && value == "":
			return fallback[len(":-"):]
		case !ok:
			b.report(at, fmt.Sprintf("environment variable %s is not set and has no default (${%s:-default})", name, name), "")
		}
		return value
	}))
}
