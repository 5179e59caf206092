package config

import (
	"encoding"
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
)

// mask stands in place of a secret.
const mask = "***"

// Masked is the configuration in force, defaults included, as a tree for
// encoding/json in which nothing is secret: keys that the structs mark as such,
// plugin keys that are named like one, credentials in header rules and in URLs
// are masked. Durations and sizes are written as in TOML.
func (c *Config) Masked() map[string]any {
	return maskStruct(reflect.ValueOf(c).Elem())
}

func maskStruct(v reflect.Value) map[string]any {
	tree := map[string]any{}
	for f, field := range v.Fields() {
		if key := f.Tag.Get("toml"); key != "" && key != "-" {
			tree[key] = maskField(field, f.Tag.Get("secret"))
		}
	}
	return tree
}

func maskField(v reflect.Value, secret string) any {
	if secret == "true" {
		if v.IsZero() {
			return ""
		}
		return mask
	}
	switch value := v.Interface().(type) {
	case *Plugin:
		return value.masked()
	case time.Duration:
		return value.String()
	case Size:
		return value.String()
	case encoding.TextMarshaler:
		return fmt.Sprint(value)
	case string:
		if secret == "header" {
			return MaskRule(value)
		}
		return maskURL(value)
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return maskField(v.Elem(), secret)
	case reflect.Struct:
		return maskStruct(v)
	case reflect.Map:
		tree := make(map[string]any, v.Len())
		for name, item := range v.Seq2() {
			hide := secret
			if item.Kind() == reflect.String && isSecretName(name.String()) { // of metadata
				hide = "true"
			}
			tree[name.String()] = maskField(item, hide)
		}
		return tree
	case reflect.Slice:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = maskField(v.Index(i), secret)
		}
		return list
	default:
		return v.Interface()
	}
}

// masked is a plugin's section without its secrets.
func (p *Plugin) masked() map[string]any {
	tree := map[string]any{"category": p.Category}
	for key, value := range p.raw {
		tree[key] = maskPlain(key, plain(value))
	}
	return tree
}

// maskPlain masks a value of a plugin. Its name decides, where it is not a mere
// number or boolean.
func maskPlain(key string, value any) any {
	switch v := value.(type) {
	case string:
		if v != "" && isSecretName(key) {
			return mask
		}
		return maskURL(MaskRule(v))
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = maskPlain(key, v[i])
		}
		return list
	case map[string]any:
		tree := make(map[string]any, len(v))
		for name, inner := range v {
			tree[name] = maskPlain(name, inner)
		}
		return tree
	default:
		return value
	}
}

// secretWords make the name of a key or header one of a secret.
var secretWords = []string{
	"apikey", "authentication", "authorization", "authorizations", "bearer", "cookie", "credential", "credentials",
	"jwt", "key", "keys", "passphrase", "passwd", "password", "passwords", "pwd", "secret", "secrets", "session", "sessionid", "sid", "sig", "signature",
	"token", "tokens",
}

// secretEnds make words of several that are written as one, such as accessToken.
var secretEnds = []string{"apikey", "password", "secret", "token"}

// isSecretName reports whether one of a name's words is a secret's. What ends in "auth"
// is one, what goes on after that ("auth_url") says something else about it.
func isSecretName(name string) bool {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return r == '_' || r == '-' || r == '.' })
	if n := len(words); n > 0 && words[n-1] == "auth" {
		return true
	}
	return slices.ContainsFunc(words, func(word string) bool {
		ends := func(end string) bool { return strings.HasSuffix(word, end) }
		return slices.Contains(secretWords, word) || slices.ContainsFunc(secretEnds, ends)
	})
}

// MaskRule masks the value of a "Name: value", of a header or of what a location
// matches, whose name is a secret's.
func MaskRule(text string) string {
	if name, value, ok := strings.Cut(text, ":"); ok && isToken(name) && isSecretName(name) && value != "" {
		return name + ": " + mask
	}
	return text
}

// parameter is a name and a value in the query of a URL or of a path.
var parameter = regexp.MustCompile(`([?&])([^=&#\s]+)=([^&#\s]+)`)

// maskURL masks the user of a URL, and the values in a query whose names are
// those of secrets.
func maskURL(text string) string {
	text = parameter.ReplaceAllStringFunc(text, func(found string) string {
		part := parameter.FindStringSubmatch(found)
		if !isSecretName(part[2]) {
			return found
		}
		return part[1] + part[2] + "=" + mask
	})
	if !strings.Contains(text, "://") || !strings.Contains(text, "@") {
		return text
	}
	u, err := url.Parse(text)
	if err != nil {
		return mask
	}
	if u.User == nil {
		return text
	}
	u.User = url.User(mask)
	return strings.Replace(u.String(), url.User(mask).String(), mask, 1)
}
