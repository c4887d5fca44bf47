"""Run a batch whose gradients were not finite once more, and say where that began.

Example:
    python tools/analysis/replay_batch.py work_dirs/asl_mix/ucf51_1shot/ucf51_1shot.py
    work_dirs/asl_mix/ucf51_1shot/non_finite/iter_812_rank0.json --checkpoint epoch_3.pth

NonFiniteGuardHook writes such files. The clips, all random numbers, the precision and the weights
of the losses are those of the iteration, with the config in the work dir and on a machine of the
same kind. The model's weights are those of the checkpoint, so take one from shortly before.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mmavssl.utils.cli import add_reading_arguments, run_tool
from mmavssl.utils.cli_types import given_path
from mmavssl.utils.guarded_output import guarded_output

if TYPE_CHECKING:
    from mmavssl.apis.replay import Replay
    from mmavssl.structures.batch_record import BatchRecord

MAX_NAMES = 8


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config of the run')
    parser.add_argument(
        'record', type=given_path, help='file in the non_finite folder of the work dir'
    )
    parser.add_argument('--checkpoint', help='of the run; default: the initial weights')
    add_reading_arguments(parser)
    return parser.parse_args(argv)


def report(record: BatchRecord, replay: Replay) -> str:
    """Say what the batch gave."""
    lines = [f'iteration {record.iter + 1} (epoch {record.epoch + 1}), rank {record.rank}']
    lines += [f'  note   {remark}' for remark in replay.remarks]
    lines += [f'  clip   {path}' for path in record.paths]
    lines += [f'  input  {name} of {path}: {problem}' for name, path, problem in replay.inputs]
    for name, value in replay.losses.items():
        then = f' (then {record.losses[name]:.6g})' if name in record.losses else ''
        lines.append(f'  {name:<20} {value:.6g}{then}')
    for what, names in (('module', replay.modules), ('gradient', replay.gradients)):
        rest = f' and {len(names) - MAX_NAMES} more' if len(names) > MAX_NAMES else ''
        lines += [f'  {what}s not finite: {", ".join(names[:MAX_NAMES]) or "none"}{rest}']
    return '\n'.join(lines)


def replay(args: argparse.Namespace) -> None:
    """Read the record, run the batch, report."""
    import mmavssl.datasets
    import mmavssl.engine
    import mmavssl.models  # noqa: F401  (they fill the registries)
    from mmavssl.apis.replay import replay_batch
    from mmavssl.structures.batch_record import BatchRecord
    from mmavssl.utils.config_check import check_config
    from mmavssl.utils.configs import load_config

    check_config(load_config(args.config, args.cfg_options, safe=args.safe_config))
    record = BatchRecord.read(args.record)
    options = [*args.cfg_options, f'randomness.seed={record.seed}']
    cfg = load_config(args.config, options, safe=args.safe_config)
    print(report(record, replay_batch(cfg, record, args.checkpoint)))


@guarded_output()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool and return its exit status."""
    return run_tool('replay_batch', replay, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
