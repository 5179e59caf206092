package config

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"pingap-go/internal/nearest"
)

func (b *binder) checkUpstream(u *Upstream) {
	p := path{"upstreams", u.Name}
	b.checkKind(p, u)
	switch u.Discovery {
	case "static", "dns":
		b.checkStaticAddrs(p.to("addrs"), u)
	case "srv":
		b.checkSRVNames(p.to("addrs"), u)
	case "file":
		b.checkSomeAddrs(p.to("addrs"), u, "the path of a file")
		for i, file := range u.Addrs {
			if file == "" {
				b.report(p.to("addrs", element(i)), "\"\" is not the path of a file", "")
			}
		}
	case "consul":
		if u.Service == "" {
			b.report(p.to("service"), "a consul upstream must say its service", "")
		}
	}
	for i, server := range u.DNSServer {
		if _, err := netip.ParseAddrPort(server); err != nil {
			b.report(p.to("dns_server", element(i)), fmt.Sprintf("%q is not \"ip:port\"", server), "")
		}
	}
	b.checkPolicy(p, u)
	b.checkResilience(p, u)
}

// checkKind refuses keys that mean nothing to the upstream's kind of discovery:
// a filter that filters nothing would be believed in.
func (b *binder) checkKind(p path, u *Upstream) {
	if b.unsure(p.to("discovery")) {
		return
	}
	for key, f := range fieldsOf(reflect.TypeFor[Upstream]()) {
		kinds := strings.Fields(f.Tag.Get("only"))
		if len(kinds) == 0 || slices.Contains(kinds, u.Discovery) || !b.where.has(p.to(key)) {
			continue
		}
		if b.where.has(p.to("discovery")) {
			b.report(p.to(key), fmt.Sprintf("means nothing with discovery = %q, only with %s", u.Discovery, strings.Join(kinds, ", ")), "")
			continue
		}
		b.report(p.to(key), "needs discovery = \""+strings.Join(kinds, "\" or \"")+"\"", "")
		b.meant[p.to("addrs").id()] = true // the kind was forgotten, not the addresses
	}
}

func (b *binder) checkSomeAddrs(at path, u *Upstream, what string) {
	if len(u.Addrs) == 0 {
		b.report(at, fmt.Sprintf("a %s upstream must have %s", u.Discovery, what), "")
	}
}

func (b *binder) checkStaticAddrs(at path, u *Upstream) {
	b.checkSomeAddrs(at, u, "at least one \"host:port\"")
	seen := map[string]bool{}
	for i, text := range u.Addrs {
		addr, err := ParseAddr(text, u.defaultPort())
		switch {
		case err != nil:
			b.report(at.to(element(i)), err.Error(), "")
		case seen[addr.Address]:
			b.report(at.to(element(i)), fmt.Sprintf("%s is listed twice; write a weight instead", addr.Address), "")
		}
		seen[addr.Address] = true
	}
}

func (b *binder) checkSRVNames(at path, u *Upstream) {
	b.checkSomeAddrs(at, u, "a name such as \"_api._tcp.service.consul\"")
	for i, name := range u.Addrs {
		if !isHost(name) {
			b.report(at.to(element(i)), fmt.Sprintf("%q is not an SRV name such as \"_api._tcp.service.consul\"", name), "")
		}
	}
}

// algorithms are the policies without a key, and hashKeys those with one.
var (
	algorithms = []string{"round_robin", "weighted_round_robin", "least_conn", "ip_hash", "random", "p2c", "ewma"}
	hashKeys   = []string{"hash:url", "hash:path", "hash:ip", "hash:header:NAME", "hash:cookie:NAME", "hash:query:NAME"}
)

// checkPolicy checks what says how an endpoint is chosen.
func (b *binder) checkPolicy(p path, u *Upstream) {
	if !isAlgorithm(u.Algorithm) {
		known := slices.Concat(algorithms, hashKeys)
		b.report(p.to("algorithm"), fmt.Sprintf("%q is not one of %s", u.Algorithm, strings.Join(known, ", ")),
			nearest.Name(u.Algorithm, known))
	}
	if cookie, ok := strings.CutPrefix(u.Sticky, "cookie:"); u.Sticky != "" && (!ok || !isToken(cookie)) {
		b.report(p.to("sticky"), fmt.Sprintf("%q is not \"cookie:NAME\"", u.Sticky), "")
	}
	if u.HashBalance != 0 && u.HashBalance < 1 {
		b.report(p.to("hash_balance"), "must be 0 (no bound) or at least 1", "")
	}
}

func isAlgorithm(text string) bool {
	if slices.Contains(algorithms, text) {
		return true
	}
	for _, key := range hashKeys {
		kind, wantsName := strings.CutSuffix(key, "NAME")
		name, ok := strings.CutPrefix(text, kind)
		switch {
		case !ok:
		case !wantsName, kind == "hash:query:":
			return (name != "") == wantsName
		default: // a header or a cookie
			return isToken(name)
		}
	}
	return false
}

// checkResilience checks what says how failures are met.
func (b *binder) checkResilience(p path, u *Upstream) {
	if u.Ejection.MaxTime < u.Ejection.BaseTime {
		b.report(p.to("ejection", "max_time"), fmt.Sprintf("is below base_time (%s)", u.Ejection.BaseTime), "")
	}
	causes := []string{"connect", "reset", "timeout"}
	for i, cause := range u.Retry.On {
		if status, err := strconv.Atoi(cause); !slices.Contains(causes, cause) && (err != nil || status < 400 || status > 599) {
			b.report(p.to("retry", "on", element(i)), fmt.Sprintf("%q is not connect, reset, timeout or a status from 400 to 599", cause), nearest.Name(cause, causes))
		}
	}
	if after := u.Retry.HedgeAfter; after != "" && !isHedgeAfter(after) {
		b.report(p.to("retry", "hedge_after"), fmt.Sprintf("%q is not a duration or a percentile such as \"p95\"", after), "")
	}
}

// isHedgeAfter accepts a duration above 0 and p1 to p99, with decimals.
func isHedgeAfter(text string) bool {
	if digits, ok := strings.CutPrefix(text, "p"); ok {
		n, err := strconv.ParseFloat(digits, 64)
		return err == nil && n > 0 && n < 100
	}
	d, ok := parseDuration(text)
	return ok && d > 0
}
