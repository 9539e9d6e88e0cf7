#!/usr/bin/env bash
# Set everything up, then tune one example from scratch: record a build, tune, rebuild, compare.
# Usage: scripts/demo.sh [EXAMPLE [OPTIONS OF autopass tune ...]]
set -euo pipefail
cd "$(dirname "$0")/.."
here=$PWD
example=${1:-sort}
shift || true
# two of its four modules, so that it takes a few minutes; without --module all hot ones are tuned
[ $# -gt 0 ] || [ "$example" != sort ] || set -- --budget 90s --module search.c --module heap.c
scripts/setup.sh ""

export PATH="$here/.venv/bin:$PATH"
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
export AUTOPASS_HOME="$place/autopass" # the demonstration leaves your own cache alone
cp -r "examples/$example" "$place/project"
cd "$place/project"
export CC=autopass-cc CXX=autopass-c++

say() { printf '\n$ %s\n' "$*"; "$@"; }
say autopass doctor
say autopass init
say make -s clean
say make -s
say autopass tune "$@"
say make -s clean
say make -s
say autopass status
