#!/usr/bin/env bash
# Install what is missing and put autopass into .venv.
# Usage: scripts/setup.sh ""|dev [DEBIAN PACKAGE ...]   ("dev" adds what the tests need from PyPI)
set -euo pipefail
cd "$(dirname "$0")/.."
extra=${1:-}
shift || true

sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
has() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }
offered() { [ -n "$(apt-cache madison "$1" 2>/dev/null)" ]; }

has clang-22 || offered clang-22 || $sudo apt-get update -qq
wanted=(python3-venv gcc libc6-dev cmake make linux-perf)
for version in 22 19; do # the newest supported LLVM that this Debian offers
  if has "clang-$version" || offered "clang-$version"; then
    wanted+=("clang-$version" "llvm-$version-dev" "lld-$version")
    break
  fi
done
for package in "$@"; do
  if offered "$package"; then wanted+=("$package"); fi
done

missing=()
for package in "${wanted[@]}"; do
  has "$package" || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "+ apt-get install ${missing[*]}"
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

python=$(command -v python3.11 || command -v python3)
[ -x .venv/bin/python ] || "$python" -m venv .venv
echo "+ pip install .${extra:+[$extra]}"
.venv/bin/pip install --quiet --disable-pip-version-check ".${extra:+[$extra]}"
