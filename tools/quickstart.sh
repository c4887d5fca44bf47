#!/usr/bin/env bash
# Set up the environment (first time only) and run the main job on the embedded data set.
#
#   bash tools/quickstart.sh [arguments of tools/quickstart.py]
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$ROOT/tools/lib/setup_env.sh"

setup_env
cd "$ROOT"
"$VENV/bin/python" tools/quickstart.py "$@"
