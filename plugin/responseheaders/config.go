package responseheaders

import (
	"errors"
	"fmt"
	"strings"

	"pingap-go/plugin"
)

// config holds the keys of a response_headers plugin.
type config struct {
	Add          []string `toml:"add_headers"`
	Remove       []string `toml:"remove_headers"`
	Set          []string `toml:"set_headers"`
	SetNotExists []string `toml:"set_headers_not_exists"`
	Rename       []string `toml:"rename_headers"`
	Mode         string   `toml:"mode"`
	Step         string   `toml:"step"`
	Remark       string   `toml:"remark"`
}

// parse reads the keys, checks them and compiles the rules.
func parse(d plugin.Decoder) (*rules, error) {
	var c config
	if err := d.Decode(&c); err != nil {
		return nil, err
	}
	if c.Mode != "" && c.Mode != "response" && c.Mode != "upstream" {
		return nil, fmt.Errorf("mode %q is none of response, upstream", c.Mode)
	}
	r := &rules{remove: c.Remove}
	var failed [6]error
	r.add, failed[0] = plugin.ParseHeaderRules(c.Add)
	failed[1] = checkNames(c.Remove)
	r.set, failed[2] = plugin.ParseHeaderRules(c.Set)
	r.setAbsent, failed[3] = plugin.ParseHeaderRules(c.SetNotExists)
	r.rename, failed[4] = parseRenames(c.Rename)
	failed[5] = plugin.CheckStep(c.Step, "response", "upstream_response")
	return r, errors.Join(failed[:]...)
}

func checkNames(names []string) error {
	for _, name := range names {
		if err := plugin.CheckHeaderName(name); err != nil {
			return err
		}
	}
	return nil
}

// parseRenames parses a list of "Old: New".
func parseRenames(texts []string) (list []renaming, err error) {
	for _, text := range texts {
		from, to, found := strings.Cut(text, ":")
		if !found {
			return nil, fmt.Errorf("renaming %q has no \":\": want \"Old: New\"", text)
		}
		r := renaming{from: strings.TrimSpace(from), to: strings.TrimSpace(to)}
		if err := checkNames([]string{r.from, r.to}); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
}
