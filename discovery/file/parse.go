package file

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"pingap-go/discovery"
	"pingap-go/endpoint"
)

// item is one endpoint as it is written.
type item struct {
	Address string            `toml:"address" json:"address"`
	Weight  *int              `toml:"weight" json:"weight"`
	Tier    int               `toml:"tier" json:"tier"`
	Tags    []string          `toml:"tags" json:"tags"`
	Meta    map[string]string `toml:"meta" json:"meta"`
	ID      string            `toml:"id" json:"id"`

	line int
}

// parse reads one file. Errors begin with "path:line:".
func parse(path string, text []byte) ([]endpoint.Endpoint, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, fmt.Errorf(`%s:1: the file is empty; a list of nobody is written "endpoints = []", or "[]" in JSON`, path)
	}
	parseItems := parseTOML
	if strings.EqualFold(filepath.Ext(path), ".json") {
		parseItems = parseJSON
	}
	items, line, err := parseItems(text)
	if err != nil {
		return nil, fmt.Errorf("%s:%d: %w", path, line, err)
	}
	endpoints := make([]endpoint.Endpoint, 0, len(items))
	lines := make(map[string]int, len(items))
	for _, it := range items {
		e, err := it.endpoint()
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, it.line, err)
		}
		if first, twice := lines[e.ID]; twice {
			return nil, fmt.Errorf("%s:%d: endpoint %q is on line %d already", path, it.line, e.ID, first)
		}
		lines[e.ID] = it.line
		endpoints = append(endpoints, e)
	}
	return endpoints, nil
}

func (it item) endpoint() (endpoint.Endpoint, error) {
	if it.Address == "" {
		return endpoint.Endpoint{}, errors.New("this endpoint has no address")
	}
	if err := discovery.CheckAddress(it.Address); err != nil {
		return endpoint.Endpoint{}, err
	}
	weight := 1
	if it.Weight != nil {
		weight = *it.Weight
	}
	if weight < 0 || weight > discovery.MaxWeight {
		return endpoint.Endpoint{}, fmt.Errorf("weight %d is not from 0 to %d", weight, discovery.MaxWeight)
	}
	if it.Tier < 0 {
		return endpoint.Endpoint{}, fmt.Errorf("tier %d is negative", it.Tier)
	}
	id := cmp.Or(it.ID, it.Address)
	return endpoint.Endpoint{
		ID: id, Name: id, Address: it.Address, Weight: weight, Tier: it.Tier,
		Tags: it.Tags, Meta: it.Meta, Note: "file",
	}, nil
}
