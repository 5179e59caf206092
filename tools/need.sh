#!/usr/bin/env bash
# need.sh COMMAND... makes sure that the named commands are there. On Debian and
# as root (or with sudo that asks nothing) it installs the packages of those that
# are missing; elsewhere it names them and fails.
set -euo pipefail
PATH="$PATH:/usr/sbin:/sbin"

package_of() {
  case "$1" in
    cc) echo gcc libc6-dev ;; # the race detector is linked with cgo
    named) echo bind9 ;;
    h2load) echo nghttp2-client ;;
    dnsmasq) echo dnsmasq-base ;; # the program without a system service
    *) echo "$1" ;;
  esac
}

missing=()
packages=()
for command in "$@"; do
  if ! command -v "$command" >/dev/null; then
    missing+=("$command")
    read -ra names <<<"$(package_of "$command")"
    packages+=("${names[@]}")
  fi
done
((${#missing[@]})) || exit 0

as_root=()
if ((EUID != 0)); then
  as_root=(sudo -n)
fi
if ! command -v apt-get >/dev/null || ! "${as_root[@]}" true 2>/dev/null; then
  {
    echo "missing: ${missing[*]}"
    echo "Install them by hand (Debian packages: ${packages[*]}),"
    echo "or run this as root on Debian, where it installs them by itself."
    echo "\`make quick\` runs the tests that need none of them."
  } >&2
  exit 1
fi

# Debian starts a service that it installs; the tests start their own, on ports
# of their own, so for the time of the installation services may not start.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod +x "$policy"
fi

echo "installing ${packages[*]}"
install=(env DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 -qq -y --no-install-recommends install)
"${as_root[@]}" apt-get -o Acquire::Retries=3 -qq update
"${as_root[@]}" "${install[@]}" "${packages[@]}" </dev/null >/dev/null
