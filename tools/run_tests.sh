#!/usr/bin/env bash
# Set up the environment (first time only), check the style, run the tests, one process per core.
#
#   bash tools/run_tests.sh [arguments of pytest]    (-n 0: in this process)
#
# What tests write is in memory where there are gigabytes of it, and is removed; TMPDIR says where else.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$ROOT/tools/lib/setup_env.sh"
MEMORY=/dev/shm
MEMORY_GB=8

setup_env
cd "$ROOT"
"$VENV/bin/python" -m ruff check .
# MMEngine copies each config that it reads: a disk takes longer for these files than their tests.
if [ -z "${TMPDIR:-}" ] && [ -w "$MEMORY" ] && [ "$(free_gb "$MEMORY")" -ge "$MEMORY_GB" ]; then
  TMPDIR=$(mktemp -d "$MEMORY/mmavssl_tests.XXXXXX")
  trap 'rm -rf "$TMPDIR"' EXIT
  export TMPDIR PYTEST_ADDOPTS="-o tmp_path_retention_policy=none ${PYTEST_ADDOPTS:-}"
fi
"$VENV/bin/python" -m pytest -n auto --dist loadfile "$@"
