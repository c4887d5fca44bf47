#!/usr/bin/env bash
# Train on a Slurm cluster.
#
#   bash tools/slurm_train.sh PARTITION JOB_NAME CONFIG WORK_DIR [arguments of tools/train.py]
#   GPUS, GPUS_PER_NODE, CPUS_PER_TASK and SRUN_ARGS configure the job.
set -euo pipefail
if [ $# -lt 4 ]; then
    echo 'usage: bash tools/slurm_train.sh PARTITION JOB_NAME CONFIG WORK_DIR [arguments]' >&2
    exit 2
fi
GPUS=${GPUS:-2}
GPUS_PER_NODE=${GPUS_PER_NODE:-$GPUS}
# shellcheck disable=SC2086  # SRUN_ARGS is a list of arguments
PYTHONPATH="$(cd "$(dirname "$0")/.." && pwd):${PYTHONPATH:-}" srun -p "$1" \
    --job-name="$2" --gres="gpu:$GPUS_PER_NODE" --ntasks="$GPUS" \
    --ntasks-per-node="$GPUS_PER_NODE" --cpus-per-task="${CPUS_PER_TASK:-8}" \
    --kill-on-bad-exit=1 ${SRUN_ARGS:-} \
    "${PYTHON:-python}" -u "$(dirname "$0")/train.py" "$3" --work-dir "$4" --launcher slurm "${@:5}"
