package basicauth

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"pingap-go/plugin"
)

// config holds the keys of a basic_auth plugin.
type config struct {
	Authorizations  []string      `toml:"authorizations" secret:"true"`
	Realm           string        `toml:"realm"`
	Delay           time.Duration `toml:"delay"`
	HideCredentials bool          `toml:"hide_credentials"`
	Step            string        `toml:"step"`
	Remark          string        `toml:"remark"`
}

// parse reads the keys over the defaults, checks them and compiles the plugin.
// Errors name a bad authorization by its place, never by its content.
func parse(d plugin.Decoder) (*auth, error) {
	c := config{Realm: "Restricted"}
	if err := d.Decode(&c); err != nil {
		return nil, err
	}
	if len(c.Authorizations) == 0 {
		return nil, errors.New("authorizations is empty: nobody could come in")
	}
	a := &auth{delay: c.Delay, hide: c.HideCredentials}
	for i, text := range c.Authorizations {
		pair, err := base64.StdEncoding.DecodeString(text)
		if err != nil || bytes.IndexByte(pair, ':') < 1 || len(pair) > maxPair {
			return nil, fmt.Errorf("authorizations[%d] is not base64 of \"user:password\", at most %d bytes", i, maxPair)
		}
		a.digests = append(a.digests, sha256.Sum256(pair))
	}
	if strings.ContainsFunc(c.Realm, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) {
		return nil, fmt.Errorf("realm %q has characters that need quoting", c.Realm)
	}
	a.challenge = `Basic realm="` + c.Realm + `", charset="UTF-8"`
	return a, errors.Join(plugin.CheckDelay(c.Delay), plugin.CheckStep(c.Step, "request"))
}
