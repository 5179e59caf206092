package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// sameAnswers makes sure that the proxies do the same job: the same status and
// bytes for the row's own request, and the same forwarded headers upstream.
func sameAnswers(ctx context.Context, started []*proxy, l loadSpec) error {
	var first string
	for i, p := range started {
		got, err := answerOf(ctx, p, l)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		if i == 0 {
			first = got
		} else if got != first {
			return fmt.Errorf("%s and %s do not answer the same:\n%s\n%s", started[0].name, p.name, first, got)
		}
	}
	return nil
}

// answerOf describes all that must be the same.
func answerOf(ctx context.Context, p *proxy, l loadSpec) (string, error) {
	method, body := http.MethodGet, io.Reader(http.NoBody)
	if l.body > 0 {
		method, body = http.MethodPost, bytes.NewReader(bytes.Repeat([]byte("0123456789abcde\n"), l.body/16))
	}
	content, status, err := p.fetch(ctx, method, l.path, body)
	if err != nil {
		return "", err
	}
	head, _, err := p.fetch(ctx, http.MethodGet, "/headers", http.NoBody)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s %x, forwarded: %s", status, sha256.Sum256(content), forwarded(head, p.addr)), nil
}

func (p *proxy) fetch(ctx context.Context, method, path string, body io.Reader) (content []byte, status string, err error) {
	request, err := http.NewRequestWithContext(ctx, method, p.url(path), body)
	if err != nil {
		return nil, "", err
	}
	request.Close = true
	answer, err := p.client.Do(request)
	if err != nil {
		return nil, "", err
	}
	defer answer.Body.Close()
	content, err = io.ReadAll(answer.Body)
	return content, answer.Status, err
}

// forwarded lists the forwarded headers of a head in order of name, with the
// proxy's own port, in which the proxies must differ, replaced.
func forwarded(head []byte, addr string) string {
	found := map[string]string{}
	for line := range strings.Lines(string(head)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		name = strings.ToLower(name)
		if strings.HasPrefix(name, "x-forwarded-") || name == "x-real-ip" {
			found[name] = strings.TrimSpace(value)
		}
	}
	var all []string
	_, port, _ := strings.Cut(addr, ":")
	for _, name := range slices.Sorted(maps.Keys(found)) {
		all = append(all, name+"="+strings.ReplaceAll(found[name], port, "PORT"))
	}
	return strings.Join(all, " ")
}
