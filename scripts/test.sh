#!/usr/bin/env bash
# Set everything up and run all checks and tests. Usage: scripts/test.sh [PYTEST ARGUMENTS ...], for example -m slow
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh dev clang-19 llvm-19-dev lld-19 clang-22 llvm-22-dev lld-22 clang-format-19 ninja-build valgrind g++ strace

export PATH="$PWD/.venv/bin:$PATH"
ruff check .
ruff format --check --quiet .
mypy
clang-format-19 --dry-run --Werror shims/*.c shims/*.h shims/*.cpp
pytest "$@"
