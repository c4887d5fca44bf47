#!/usr/bin/env bash
# Train on a Slurm cluster. A run that the cluster asks to leave saves, and is queued again.
#
#   bash tools/slurm_train.sh PARTITION JOB_NAME CONFIG WORK_DIR [arguments of tools/train.py]
#
# Environment variables:
#   GPUS, GPUS_PER_NODE, CPUS_PER_TASK, SRUN_ARGS  of the job
#   GRACE         seconds before the time limit at which the run is asked to leave; default: 120
#   MAX_REQUEUES  how often a run that left is started again; default: 100
#
# Within a batch job, `scontrol requeue` starts the job again (submit it with --requeue), and this
# script goes on with --resume. Otherwise srun is called again. Exit status: that of the training; 75
# where it left and was not started again from here.
set -euo pipefail
if [ $# -lt 4 ]; then
    echo 'usage: bash tools/slurm_train.sh PARTITION JOB_NAME CONFIG WORK_DIR [arguments]' >&2
    exit 2
fi
PARTITION=$1 JOB_NAME=$2 CONFIG=$3 WORK_DIR=$4
shift 4
GPUS=${GPUS:-2}
GPUS_PER_NODE=${GPUS_PER_NODE:-$GPUS}
ROOT="$(cd "$(dirname "$0")/.." && pwd)"

run() {
    # shellcheck disable=SC2086  # SRUN_ARGS is a list of arguments
    PYTHONPATH="$ROOT${PYTHONPATH:+:$PYTHONPATH}" srun -p "$PARTITION" \
        --job-name="$JOB_NAME" --gres="gpu:$GPUS_PER_NODE" --ntasks="$GPUS" \
        --ntasks-per-node="$GPUS_PER_NODE" --cpus-per-task="${CPUS_PER_TASK:-8}" \
        --signal="USR1@${GRACE:-120}" --kill-on-bad-exit=1 ${SRUN_ARGS:-} \
        "${PYTHON:-python}" -u "$ROOT/tools/train.py" "$CONFIG" \
        --work-dir "$WORK_DIR" --launcher slurm "$@"
}

if [ "${SLURM_RESTART_COUNT:-0}" -gt 0 ]; then
    set -- "$@" --resume auto
fi
for ((requeues = 0; ; requeues++)); do
    rm -f "$WORK_DIR/preempted"
    status=0
    run "$@" || status=$?
    # Written by PreemptionHook. The status of srun may be that of a process that another one's
    # leaving has ended.
    if [ ! -e "$WORK_DIR/preempted" ]; then
        exit "$status"
    fi
    if [ -n "${SLURM_JOB_ID:-}" ] && scontrol requeue "$SLURM_JOB_ID"; then
        exit 75
    fi
    if [ "$requeues" -ge "${MAX_REQUEUES:-100}" ]; then
        echo "$WORK_DIR: started again $requeues times; --resume goes on." >&2
        exit 75
    fi
    if [ "$requeues" = 0 ]; then
        set -- "$@" --resume auto
    fi
done
