// Package resources finds out how many threads and how much memory this process
// may use, and tells Go's runtime.
//
//	allowed := runtime.GOMAXPROCS(0) // before anybody changes it
//	limits := resources.Find(config.Basic.Threads, allowed, os.LookupEnv, os.DirFS("/"))
//	said := limits.Apply()
//
// Threads are those that carry requests (package loop), and one more runs what is
// beside them: Go's collector, discovery, the admin API. Who says how many, the first
// that does: the configuration, GOMAXPROCS, the cores that Nomad reserved
// (NOMAD_CPU_CORES), its share of MHz (NOMAD_CPU_LIMIT) divided by what a core of this
// machine has; what the cgroup's CPU quota allows, which Go reads by itself, bounds all
// of Nomad's. Where nobody says anything there is one for each core. For memory
// GOMEMLIMIT, or the least of what Nomad allows
// (NOMAD_MEMORY_MAX_LIMIT, else NOMAD_MEMORY_LIMIT) and of the cgroup's memory.max.
// Go is given nine tenths of it, so that it collects garbage before the kernel kills.
package resources

import (
	"fmt"
	"io/fs"
	"math"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
)

// Limits are what a process may use, and who says so.
type Limits struct {
	// Threads is how many threads carry requests.
	Threads int
	// Memory is how many bytes Go should stay under; 0 = leave it to Go.
	Memory int64
	// ThreadsFrom and MemoryFrom are who says so; "" = nobody.
	ThreadsFrom, MemoryFrom string
}

// Env gives environment variables, as os.LookupEnv does.
type Env func(name string) (string, bool)

// Find reads the limits. threads is the configured number, 0 for none, allowed how
// many Go has found that it may run; root is the file system from "/". What cannot be
// read does not limit.
func Find(threads, allowed int, env Env, root fs.FS) Limits {
	var l Limits
	l.Threads, l.ThreadsFrom = findThreads(threads, allowed, env, root)
	l.Memory, l.MemoryFrom = findMemory(env, root)
	return l
}

// Apply tells Go's runtime, and says what somebody has limited, "" when nobody has.
func (l Limits) Apply() string {
	var said []string
	runtime.GOMAXPROCS(l.Threads + 1)
	if l.ThreadsFrom != "" {
		said = append(said, fmt.Sprintf("%d thread%s (%s)", l.Threads, plural(l.Threads), l.ThreadsFrom))
	}
	if l.Memory > 0 {
		debug.SetMemoryLimit(l.Memory)
		said = append(said, fmt.Sprintf("%d MiB (%s)", l.Memory>>20, l.MemoryFrom))
	}
	return strings.Join(said, ", ")
}

func findThreads(configured, allowed int, env Env, root fs.FS) (n int, from string) {
	if configured > 0 {
		return configured, "basic.threads"
	}
	if set, _ := env("GOMAXPROCS"); set != "" {
		return allowed, "GOMAXPROCS"
	}
	if n, from = nomadThreads(env, root); n > 0 && n < allowed {
		return n, from
	}
	return allowed, ""
}

// nomadThreads is what Nomad reserved: cores, or a share of MHz, rounded up.
func nomadThreads(env Env, root fs.FS) (int, string) {
	if cores, _ := env("NOMAD_CPU_CORES"); cores != "" {
		return countCores(cores), "NOMAD_CPU_CORES"
	}
	text, _ := env("NOMAD_CPU_LIMIT")
	share, err := strconv.ParseFloat(text, 64)
	core := coreMHz(root)
	if err != nil || share <= 0 || core <= 0 {
		return 0, ""
	}
	return int(math.Ceil(share / core)), "NOMAD_CPU_LIMIT"
}

// countCores counts a list such as "0-2,7"; 0 when it is none.
func countCores(list string) int {
	n := 0
	for item := range strings.SplitSeq(list, ",") {
		low, high, isRange := strings.Cut(strings.TrimSpace(item), "-")
		if !isRange {
			high = low
		}
		from, err1 := strconv.Atoi(low)
		to, err2 := strconv.Atoi(high)
		if err1 != nil || err2 != nil || to < from {
			return 0
		}
		n += to - from + 1
	}
	return n
}

// coreMHz is the frequency of one core as Nomad counts it: the base frequency,
// or, where the kernel does not tell, the one of the moment. 0 = unknown.
func coreMHz(root fs.FS) float64 {
	if kHz, ok := readNumber(root, "sys/devices/system/cpu/cpu0/cpufreq/base_frequency"); ok {
		return float64(kHz) / 1000
	}
	text, err := fs.ReadFile(root, "proc/cpuinfo")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		if strings.TrimSpace(name) == "cpu MHz" {
			mhz, _ := strconv.ParseFloat(strings.TrimSpace(value), 64)
			return mhz
		}
	}
	return 0
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}
