package resources

import (
	"runtime"
	"runtime/debug"
	"testing"
	"testing/fstest"
)

// machine is a file system with these files.
func machine(files map[string]string) fstest.MapFS {
	m := fstest.MapFS{}
	for name, text := range files {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

func environment(values map[string]string) Env {
	return func(name string) (string, bool) { v, ok := values[name]; return v, ok }
}

func TestThreads(t *testing.T) {
	cpuinfo := map[string]string{"proc/cpuinfo": "processor\t: 0\ncpu MHz\t\t: 2500.000\n"}
	for _, c := range []struct {
		name       string
		configured int
		env        map[string]string
		files      map[string]string
		want       int
		from       string
	}{
		{"nobody says anything", 0, nil, nil, 8, ""},
		{"the configuration goes first", 3, map[string]string{"GOMAXPROCS": "2", "NOMAD_CPU_CORES": "0"}, nil, 3, "basic.threads"},
		{"GOMAXPROCS goes before Nomad", 0, map[string]string{"GOMAXPROCS": "8", "NOMAD_CPU_CORES": "0"}, nil, 8, "GOMAXPROCS"},
		{"reserved cores", 0, map[string]string{"NOMAD_CPU_CORES": "0-2,7", "NOMAD_CPU_LIMIT": "100"}, cpuinfo, 4, "NOMAD_CPU_CORES"},
		{"a share of less than a core", 0, map[string]string{"NOMAD_CPU_LIMIT": "100"}, cpuinfo, 1, "NOMAD_CPU_LIMIT"},
		{"a share of more than two cores", 0, map[string]string{"NOMAD_CPU_LIMIT": "5001"}, cpuinfo, 3, "NOMAD_CPU_LIMIT"},
		{"the base frequency counts, not the moment's", 0, map[string]string{"NOMAD_CPU_LIMIT": "5000"},
			map[string]string{"sys/devices/system/cpu/cpu0/cpufreq/base_frequency": "2000000\n", "proc/cpuinfo": "cpu MHz : 4000\n"},
			3, "NOMAD_CPU_LIMIT"},
		{"a share of a machine that does not tell", 0, map[string]string{"NOMAD_CPU_LIMIT": "100"}, nil, 8, ""},
		{"more than there is", 0, map[string]string{"NOMAD_CPU_LIMIT": "90000"}, cpuinfo, 8, ""},
		{"nonsense", 0, map[string]string{"NOMAD_CPU_CORES": "many"}, nil, 8, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			n, from := findThreads(c.configured, 8, environment(c.env), machine(c.files))
			if n != c.want || from != c.from {
				t.Errorf("%d threads from %q, want %d from %q", n, from, c.want, c.from)
			}
		})
	}
}

func TestAQuotaBoundsThreads(t *testing.T) {
	cores := map[string]string{"NOMAD_CPU_CORES": "0-3"}
	if n, from := findThreads(0, 2, environment(cores), machine(nil)); n != 2 || from != "" {
		t.Errorf("%d threads from %q, want the 2 that Go has found", n, from)
	}
}

func TestMemory(t *testing.T) {
	const mib = 1 << 20
	v2 := map[string]string{"proc/self/cgroup": "0::/nomad.slice/web\n"}
	with := func(base map[string]string, more ...string) map[string]string {
		all := map[string]string{}
		for k, v := range base {
			all[k] = v
		}
		for i := 0; i < len(more); i += 2 {
			all[more[i]] = more[i+1]
		}
		return all
	}
	for _, c := range []struct {
		name  string
		env   map[string]string
		files map[string]string
		limit int64 // of which Go gets nine tenths
		from  string
	}{
		{"nobody says anything", nil, nil, 0, ""},
		{"GOMEMLIMIT is Go's own affair", map[string]string{"GOMEMLIMIT": "1GiB", "NOMAD_MEMORY_LIMIT": "64"}, nil, 0, ""},
		{"Nomad reserves", map[string]string{"NOMAD_MEMORY_LIMIT": "64"}, nil, 64 * mib, "NOMAD_MEMORY_LIMIT"},
		{"Nomad allows more than it reserves", map[string]string{"NOMAD_MEMORY_LIMIT": "64", "NOMAD_MEMORY_MAX_LIMIT": "128"}, nil,
			128 * mib, "NOMAD_MEMORY_MAX_LIMIT"},
		{"a cgroup", nil, with(v2, "sys/fs/cgroup/nomad.slice/web/memory.max", "104857600\n"), 100 * mib, "cgroup"},
		{"a cgroup without a limit in one that has", nil,
			with(v2, "sys/fs/cgroup/nomad.slice/web/memory.max", "max\n", "sys/fs/cgroup/nomad.slice/memory.max", "209715200"), 200 * mib, "cgroup"},
		{"the least of both", map[string]string{"NOMAD_MEMORY_LIMIT": "64"},
			with(v2, "sys/fs/cgroup/nomad.slice/web/memory.max", "10485760"), 10 * mib, "cgroup"},
		{"version 1", nil, map[string]string{
			"proc/self/cgroup": "5:cpu,cpuacct:/x\n4:memory:/docker/1\n",
			"sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes": "52428800",
			"sys/fs/cgroup/memory/memory.limit_in_bytes":          "9223372036854771712",
		}, 50 * mib, "cgroup"},
		{"version 1 without a limit", nil, map[string]string{
			"proc/self/cgroup": "4:memory:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
		}, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := Find(0, 1, environment(c.env), machine(c.files))
			if l.Memory != c.limit/10*9 || l.MemoryFrom != c.from {
				t.Errorf("%d bytes from %q, want nine tenths of %d from %q", l.Memory, l.MemoryFrom, c.limit, c.from)
			}
		})
	}
}

func TestApplyTellsTheRuntime(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(-1))
	said := Limits{Threads: 3, ThreadsFrom: "basic.threads", Memory: 90 << 20, MemoryFrom: "cgroup"}.Apply()
	if runtime.GOMAXPROCS(0) != 4 || debug.SetMemoryLimit(-1) != 90<<20 {
		t.Errorf("%d threads, %d bytes", runtime.GOMAXPROCS(0), debug.SetMemoryLimit(-1))
	}
	if said != "3 threads (basic.threads), 90 MiB (cgroup)" {
		t.Errorf("said %q", said)
	}
	if said := (Limits{Threads: 2}).Apply(); said != "" {
		t.Errorf("nobody limits anything, and it says %q", said)
	}
}
