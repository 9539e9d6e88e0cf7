#!/usr/bin/env bash
# Install what is missing and put autopass into .venv. Usage: scripts/setup.sh [EXTRA PACKAGES OF PIP'S "dev" SET: dev] [APT PACKAGES ...]
set -euo pipefail
cd "$(dirname "$0")/.."
extra=${1:-}
shift || true

sudo=
[ "$(id -u)" = 0 ] || sudo=sudo

wanted=(python3-venv gcc libc6-dev cmake make ninja-build)
for version in 22 19; do # the newest LLVM that this Debian offers; tests name more
  if [ -x "/usr/bin/clang-$version" ] || apt-cache show "clang-$version" >/dev/null 2>&1; then
    wanted+=("clang-$version" "llvm-$version-dev" "lld-$version")
    break
  fi
done
wanted+=(linux-perf "$@")

missing=()
for package in "${wanted[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "+ apt-get install ${missing[*]}"
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

python=$(command -v python3.11 || command -v python3)
[ -x .venv/bin/python ] || "$python" -m venv .venv
echo "+ pip install .${extra:+[$extra]}"
.venv/bin/pip install --quiet --disable-pip-version-check ".${extra:+[$extra]}"
