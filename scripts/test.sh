#!/usr/bin/env bash
# Set everything up and run all checks and tests.
# Usage: scripts/test.sh [PYTEST ARGUMENTS ...], for example -m slow
#        scripts/test.sh --builds [PYTEST ARGUMENTS ...]   whole builds of all real projects, and nothing else
set -euo pipefail
cd "$(dirname "$0")/.."
wanted=(clang-19 llvm-19-dev lld-19 clang-22 llvm-22-dev lld-22 clang-format-19 ninja-build valgrind g++ strace)
# for the real projects that are built: their sources, build systems and libraries
wanted+=(dpkg-dev patch meson pkg-config autoconf automake autopoint gettext libtool perl)
wanted+=(python3-dev libreadline-dev zlib1g-dev)
wanted+=(openssh-client) # ssh-keygen, for signatures of shared recipes
wanted+=(qemu-user) # a CPU without AVX, for versions of functions
scripts/setup.sh dev "${wanted[@]}"

export PATH="$PWD/.venv/bin:$PATH"
# sources are fetched when they are first built; here that must succeed
export AUTOPASS_TEST_BUILDS=${AUTOPASS_TEST_BUILDS:-required}
if [ "${1:-}" = --builds ]; then
  shift
  exec pytest -m builds tests/builds "$@"
fi
ruff check .
ruff format --check --quiet .
mypy
clang-format-19 --dry-run --Werror shims/*.c shims/*.h shims/*.cpp
pytest "$@"
