#!/bin/sh
# Prints what one pick costs, as a table of docs/balancing.md: nanoseconds and
# allocations at 10, 100 and 5,000 endpoints for each policy, and what building
# a picker for 5,000 costs. Each figure is the best of many short runs, so that
# other work on the machine does not count.
#
#   bench/pick.sh            about a minute
#   RUNS=40 bench/pick.sh    on a busy machine
set -eu
cd "$(dirname "$0")/.."

out=$(mktemp)
trap 'rm -f "$out"' EXIT
go test -run '^$' -bench '^BenchmarkPick$' -benchtime 20ms -count "${RUNS:-20}" ./balance >"$out"
go test -run '^$' -bench '^BenchmarkBuild$' -benchtime 50ms -count 3 ./balance >>"$out"

# BenchmarkPick/ewma/5000-2  1000000  22.7 ns/op  0 B/op  0 allocs/op
awk '
/^Benchmark/ {
	split($1, part, "/")
	sub(/-[0-9]+$/, "", part[3])
	key = part[1] SUBSEP part[2] SUBSEP part[3]
	if (!((key) in best) || $3 < best[key]) best[key] = $3
	if (part[1] == "BenchmarkPick") {
		if (!(part[2] in allocs)) order[++policies] = part[2]
		if ($7 > allocs[part[2]]) allocs[part[2]] = $7 + 0
	}
}
END {
	print "| policy | 10 | 100 | 5,000 | allocations | build, 5,000 |"
	print "|---|---|---|---|---|---|"
	for (i = 1; i <= policies; i++) {
		p = order[i]
		printf "| %s | %.0f ns | %.0f ns | %.0f ns | %d | %.1f ms |\n", p,
			best["BenchmarkPick", p, 10], best["BenchmarkPick", p, 100], best["BenchmarkPick", p, 5000],
			allocs[p], best["BenchmarkBuild", p, 5000] / 1e6
	}
}' "$out"
