#!/usr/bin/env bash
# Set everything up and run all checks and tests. Usage: scripts/test.sh [PYTEST ARGUMENTS ...]; with -m slow: the long ones.
set -euo pipefail
cd "$(dirname "$0")/.."
extra=(valgrind)
for version in 19 22; do
  apt-cache show "clang-$version" >/dev/null 2>&1 && extra+=("clang-$version" "llvm-$version-dev" "lld-$version")
done
extra+=(clang-format-19)
scripts/setup.sh dev "${extra[@]}"

export PATH="$PWD/.venv/bin:$PATH"
ruff check .
mypy
clang-format-19 --dry-run --Werror shims/*.c shims/*.h shims/*.cpp
pytest "$@"
