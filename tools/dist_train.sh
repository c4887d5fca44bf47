#!/usr/bin/env bash
# Train on several processes of this machine (GPUs, or CPU processes over gloo).
#
#   bash tools/dist_train.sh CONFIG GPUS [arguments of tools/train.py]
#   NNODES, NODE_RANK, MASTER_ADDR and PORT configure several machines.
#
# SIGTERM is passed on to the processes, which save and leave (within 30 s, then they are killed);
# WORK_DIR/preempted then says that --resume goes on. The status is torchrun's, and not 0.
set -euo pipefail
if [ $# -lt 2 ]; then
    echo 'usage: bash tools/dist_train.sh CONFIG GPUS [arguments of tools/train.py]' >&2
    exit 2
fi
CONFIG=$1
GPUS=$2
PYTHON=${PYTHON:-python}
PYTHONPATH="$(cd "$(dirname "$0")/.." && pwd)${PYTHONPATH:+:$PYTHONPATH}" "$PYTHON" -m torch.distributed.run \
    --nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}" \
    --master_addr="${MASTER_ADDR:-127.0.0.1}" --master_port="${PORT:-29500}" \
    --nproc_per_node="$GPUS" \
    "$(dirname "$0")/train.py" "$CONFIG" --launcher pytorch "${@:3}"
