package config

import (
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// parseDuration reads "500ms", "1m30s" and a bare "0". Other numbers need a unit.
func parseDuration(text string) (time.Duration, bool) {
	d, err := time.ParseDuration(text)
	return d, err == nil
}

// units are the powers of 1024 that a size may be written in.
var units = []struct {
	suffix string
	bytes  int64
}{
	{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30},
	{"kb", 1 << 10}, {"mb", 1 << 20}, {"gb", 1 << 30},
	{"k", 1 << 10}, {"m", 1 << 20}, {"g", 1 << 30},
	{"b", 1}, {"", 1},
}

// parseSize reads "10mb", "64k" and bare numbers of bytes, in any case. A
// kilobyte is 1024 bytes, as nginx and Nomad have it.
func parseSize(text string) (Size, bool) {
	text = strings.ToLower(text)
	for _, unit := range units {
		digits, found := strings.CutSuffix(text, unit.suffix)
		if !found {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
		if err != nil || n > math.MaxInt64/unit.bytes || n < math.MinInt64/unit.bytes {
			return 0, false
		}
		return Size(n * unit.bytes), true
	}
	return 0, false
}

// String writes a size with the largest unit that divides it.
func (s Size) String() string {
	for _, unit := range []struct {
		suffix string
		bytes  Size
	}{{"gb", 1 << 30}, {"mb", 1 << 20}, {"kb", 1 << 10}} {
		if s != 0 && s%unit.bytes == 0 {
			return strconv.FormatInt(int64(s/unit.bytes), 10) + unit.suffix
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// parsePrefix reads "10.0.0.0/8", and an address as the network of itself.
func parsePrefix(text string) (netip.Prefix, bool) {
	if prefix, err := netip.ParsePrefix(text); err == nil {
		return prefix.Masked(), true
	}
	addr, err := netip.ParseAddr(text)
	if err != nil || addr.Zone() != "" {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(addr, addr.BitLen()), true
}
