#!/bin/sh
# Prints what one change costs in a service of 5,000 endpoints: from the registry's
# snapshot to the view that requests pick from, by policy, what the pool's
# goroutine costs when it is woken without news, and what a lease costs while
# updates come in without a pause. Updates and steps are counted in CPU time, and
# each figure is the best of several short runs, so that other work on the machine
# does not count.
#
#   bench/update.sh            about half a minute
#   RUNS=20 bench/update.sh    on a busy machine
set -eu
cd "$(dirname "$0")/.."

out=$(mktemp)
trap 'rm -f "$out"' EXIT
go test -run '^$' -bench '^Benchmark(Update|Step|LeaseDuringUpdates)$' -benchtime 100ms -count "${RUNS:-6}" ./upstream >"$out"

# BenchmarkUpdate/ewma-2  100  2034567 ns/op  1.5 cpu-ms/op
awk '
/^Benchmark/ {
	sub(/-[0-9]+$/, "", $1)
	sub(/^Benchmark/, "", $1)
	ms = $6 == "cpu-ms/op" ? $5 : $3 / 1e6
	if (!($1 in best)) order[++n] = $1
	if (!($1 in best) || ms < best[$1]) best[$1] = ms
}
END {
	print "| 5,000 endpoints | best of runs |"
	print "|---|---|"
	for (i = 1; i <= n; i++) printf "| %s | %.3f ms |\n", order[i], best[order[i]]
}' "$out"
