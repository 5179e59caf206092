#!/usr/bin/env bash
# Prints what clients see of a sick instance through pingap, nginx and HAProxy,
# and what a retry storm does to the upstream: the tables of docs/balancing.md.
#
#   bench/resilience.sh                      about three minutes
#   bench/resilience.sh -after 30s -rate 1000
#
# PINGAP_BIN names a pingap to measure instead of the one built from here.
# Everything listens on loopback and is stopped at the end, whatever the end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PATH="$PATH:/usr/sbin:/sbin"

tools/need.sh nginx haproxy
mkdir -p bin
go build -o bin/resilience ./bench/resilience
if [[ -z "${PINGAP_BIN:-}" ]]; then
  CGO_ENABLED=0 go build -trimpath -o bin/pingap ./cmd/pingap
fi
exec bin/resilience -pingap "${PINGAP_BIN:-$PWD/bin/pingap}" "$@"
