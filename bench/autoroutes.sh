#!/bin/bash
# Measures pingap with 1,500 services and 10,000 automatic routes: how long until
# they are in force, until one change is, the memory it takes, and how long another
# pingap takes to start beside such a catalog. Loopback only.
# Needs bin/consul (make needs).
set -euo pipefail
cd "$(dirname "$0")/.."
dir=$(mktemp -d)
pids=()
cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$dir"
}
trap cleanup EXIT

go build -o "$dir/pingap" ./cmd/pingap
go build -o "$dir/upstream" ./bench/upstream
go build -o "$dir/autoroutes" ./bench/autoroutes

bin/consul agent -dev -bind 127.0.0.1 -log-level warn -hcl 'disable_update_check = true' \
  -hcl 'ports { http = 28500 dns = -1 server = 28300 serf_lan = 28301 serf_wan = 28302 grpc = -1 grpc_tls = -1 }' >"$dir/consul.log" 2>&1 &
pids+=($!)
"$dir/upstream" -addr 127.0.0.1:29001 >/dev/null &
pids+=($!)
"$dir/pingap" wait -url http://127.0.0.1:28500/v1/status/leader -timeout 30s
cat >"$dir/pingap.toml" <<TOML
[basic]
state_dir = "$dir/state"
[admin]
addr = "127.0.0.1:26189"
[consul]
address = "127.0.0.1:28500"
[servers.http]
addr = "127.0.0.1:28080"
[auto_routes]
enabled = true
TOML
"$dir/pingap" run -config "$dir/pingap.toml" -log-level error &
pids+=($!)
"$dir/pingap" wait -url http://127.0.0.1:26189/readyz -timeout 30s
"$dir/autoroutes" -consul 127.0.0.1:28500 -proxy 127.0.0.1:28080 -admin 127.0.0.1:26189 -instance 127.0.0.1:29001 -pid "${pids[-1]}"

# Two at once would want more connections than the agent gives to one address.
kill "${pids[-1]}"
wait "${pids[-1]}" || true
sed "s|$dir/state|$dir/empty|" "$dir/pingap.toml" >"$dir/second.toml"
began=$(date +%s%N)
"$dir/pingap" run -config "$dir/second.toml" -log-level error &
pids+=($!)
"$dir/pingap" wait -url http://127.0.0.1:26189/readyz -timeout 60s
echo "a start beside this catalog: all routes in force after $((($(date +%s%N) - began) / 1000000)) ms"
