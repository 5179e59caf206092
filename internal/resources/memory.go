package resources

import (
	"io/fs"
	"math"
	"path"
	"strconv"
	"strings"
)

// findMemory is nine tenths of the least limit there is.
func findMemory(env Env, root fs.FS) (int64, string) {
	if set, _ := env("GOMEMLIMIT"); set != "" {
		return 0, ""
	}
	limit, from := nomadMemory(env)
	if c := cgroupMemory(root); c < limit {
		limit, from = c, "cgroup"
	}
	if limit == math.MaxInt64 {
		return 0, ""
	}
	return limit / 10 * 9, from
}

// nomadMemory is what Nomad allows, in MB that are MiB: with memory_max that
// much, otherwise what is reserved.
func nomadMemory(env Env) (int64, string) {
	for _, name := range []string{"NOMAD_MEMORY_MAX_LIMIT", "NOMAD_MEMORY_LIMIT"} {
		text, _ := env(name)
		if mb, err := strconv.ParseInt(text, 10, 32); err == nil && mb > 0 {
			return mb << 20, name
		}
	}
	return math.MaxInt64, ""
}

// cgroupMemory is the least limit of the groups that this process is in and of
// those above them, in either version of cgroups.
func cgroupMemory(root fs.FS) int64 {
	limit := int64(math.MaxInt64)
	text, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return limit
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3) // id:controllers:path
		if len(fields) != 3 {
			continue
		}
		mount, file := "sys/fs/cgroup", "memory.max"
		switch {
		case fields[1] == "memory":
			mount, file = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
		case fields[1] != "":
			continue
		}
		for group := path.Clean("/" + fields[2]); ; group = path.Dir(group) {
			if n, ok := readNumber(root, path.Join(mount, group, file)); ok && n > 0 {
				limit = min(limit, n)
			}
			if group == "/" {
				break
			}
		}
	}
	if limit > unlimited {
		return math.MaxInt64
	}
	return limit
}

// unlimited is what version 1 writes for "none": the largest number of pages,
// less than a power of two that no machine has.
const unlimited = 1 << 60

// readNumber reads a file that holds one number. ok is false for "max", too.
func readNumber(root fs.FS, name string) (n int64, ok bool) {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return 0, false
	}
	n, err = strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return n, err == nil
}
