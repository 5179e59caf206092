#!/usr/bin/env bash
# Compares pingap with nginx, HAProxy, Caddy and Go's own reverse proxy.
#
#   bench/run.sh                     all rows; writes docs/benchmarks.md
#   bench/run.sh small-64 latency    some rows, to the terminal only
#   bench/run.sh --quick [ROW...]    two short pairs each, to the terminal only
#   bench/run.sh -list               which rows there are
#
# Other flags go to bench/compare (-pairs N, -each 3s, -subject baseline).
# PINGAP_BIN names a pingap to measure instead of the one built from here.
# Everything listens on loopback and is stopped at the end, whatever the end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PATH="$PATH:/usr/sbin:/sbin"

# The newest release at the time of writing; raise it with care for its config.
caddy=github.com/caddyserver/caddy/v2/cmd/caddy@v2.11.9

flags=(-page docs/benchmarks.md)
if [[ "${1:-}" == --quick ]]; then
  shift
  flags=(-pairs 2 -each 1s)
fi

tools/need.sh nginx haproxy wrk
mkdir -p bin docs
for program in upstream baseline rate compare; do
  go build -o "bin/$program" "./bench/$program"
done
if [[ ! -x bin/caddy ]]; then
  echo "building Caddy (some minutes the first time)"
  GOBIN="$PWD/bin" go install "$caddy"
fi
if [[ -z "${PINGAP_BIN:-}" && -d cmd/pingap ]]; then
  make build
fi

# Ten thousand idle connections need as many descriptors, on both sides.
ulimit -n "$(ulimit -Hn)"
exec bin/compare "${flags[@]}" "$@"
