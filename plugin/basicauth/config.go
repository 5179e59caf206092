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
	err := d.Decode(&c)
	errs := []error{err, plugin.CheckDelay(c.Delay), plugin.CheckStep(c.Step, "request")}
	if err == nil && len(c.Authorizations) == 0 {
		errs = append(errs, plugin.At("authorizations", errors.New("is empty: nobody could come in")))
	}
	a := &auth{delay: c.Delay, hide: c.HideCredentials}
	for i, text := range c.Authorizations {
		pair, err := base64.StdEncoding.DecodeString(text)
		if err != nil || bytes.IndexByte(pair, ':') < 1 || len(pair) > maxPair {
			errs = append(errs, plugin.At("authorizations", fmt.Errorf("number %d is not base64 of \"user:password\", at most %d bytes", i+1, maxPair)))
			continue
		}
		a.digests = append(a.digests, sha256.Sum256(pair))
	}
	if strings.ContainsFunc(c.Realm, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) {
		errs = append(errs, plugin.At("realm", fmt.Errorf("%q has characters that need quoting", c.Realm)))
	}
	a.challenge = `Basic realm="` + c.Realm + `", charset="UTF-8"`
	return a, errors.Join(errs...)
}
