#!/usr/bin/env bash
# Set up the environment (first time only), check the style, run the tests, one process per core.
#
#   bash tools/run_tests.sh [arguments of pytest]    (-n 0: in this process)
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$ROOT/tools/lib/setup_env.sh"

setup_env
cd "$ROOT"
"$VENV/bin/python" -m ruff check .
"$VENV/bin/python" -m pytest -n auto --dist loadfile "$@"
