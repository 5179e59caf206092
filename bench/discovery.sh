#!/usr/bin/env bash
# Measures discovery: the real pingap beside a real Consul agent that is killed,
# frozen and cut off, and whose catalog changes.
#
#   bench/discovery.sh                  all rows, under 12 minutes
#   bench/discovery.sh --quick          short forms of all, under two minutes
#   bench/discovery.sh [--quick] ROW... some: many fresh kills frozen swallowed large rolling restart
#
# PINGAP_BIN and PINGAP_TEST_CONSUL name other programs than the pingap built
# from here and bin/consul. Everything is on loopback, bounded in time, and ended
# at the end, whatever the end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
consul="${PINGAP_TEST_CONSUL:-$PWD/bin/consul}"
if [[ ! -x "$consul" ]]; then
  make bin/consul
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
pingap="${PINGAP_BIN:-$dir/pingap}"
if [[ -z "${PINGAP_BIN:-}" ]]; then
  CGO_ENABLED=0 go build -trimpath -o "$pingap" ./cmd/pingap
fi
go build -o "$dir/discovery" ./bench/discovery
certify="$(go env GOROOT)/src/crypto/tls/generate_cert.go"
(cd "$dir" && go run "$certify" -host 127.0.0.1,localhost -ca -ecdsa-curve P256 2>/dev/null)
"$dir/discovery" -pingap "$pingap" -consul "$consul" -cert "$dir/cert.pem" -key "$dir/key.pem" "$@"
