"""Measure how many clips a second two ranks make, against one, in one run.

    python benchmarks/scaling.py [--size small] [--json]

Each rank is a process on the CPU with one thread, joined over gloo; each has the same number of
clips. ``sent_mb`` is what DDP reduces in an optimizer step; from it and the time of a step follows
what to expect of GPUs (docs/performance.md).
"""

import argparse
import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence

import torch
from machine import describe_machine
from mmengine.optim import OptimWrapper
from systems import SIZES, OurStep, build_system, make_batch
from timing import take_turns
from torch import Tensor, distributed
from torch.distributed.algorithms.ddp_comm_hooks.default_hooks import allreduce_hook
from torch.nn.parallel import DistributedDataParallel


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--size', default='small', choices=SIZES)
    parser.add_argument('--ranks', type=int, default=2)
    parser.add_argument('--rounds', type=int, default=3, help='that are timed')
    parser.add_argument('--rank', type=int, help='be one of the processes')
    parser.add_argument('--json', action='store_true', help='print JSON instead of text')
    return parser.parse_args(argv)


def be_a_rank(args: argparse.Namespace) -> dict:
    """Make steps with the other ranks, if there are any."""
    torch.set_num_threads(1)
    size, device = SIZES[args.size], torch.device('cpu')
    torch.manual_seed(args.rank)
    batch = make_batch(size, device)
    model = build_system('svformer', size, device)
    step, sent = OurStep(model), []
    if args.ranks > 1:
        distributed.init_process_group('gloo', rank=args.rank, world_size=args.ranks)
        joined = Joined(model, broadcast_buffers=False)
        joined.register_comm_hook(sent, note_and_reduce)
        step.train_step = joined.train_step
    seconds = take_turns({'step': lambda: step(batch)}, args.rounds, device)['step']
    if args.ranks > 1:
        distributed.destroy_process_group()
    return {'seconds': seconds, 'sent_mb': round(sum(sent) / (args.rounds + 1) / 1e6, 1)}


class Joined(DistributedDataParallel):
    """DDP that trains as MMEngine's model wrapper does."""

    def train_step(self, data: dict, wrapper: OptimWrapper) -> dict:
        """Make an iteration."""
        data = self.module.data_preprocessor(data, training=True)
        loss, log = self.module.parse_losses(self(**data, mode='loss'))
        wrapper.update_params(loss)
        return log


def note_and_reduce(
    sent: list[int], bucket: distributed.GradBucket
) -> torch.futures.Future[Tensor]:
    """Note the bytes of a bucket of gradients, and reduce it as DDP does."""
    sent.append(bucket.buffer().nbytes)
    return allreduce_hook(None, bucket)


def run_ranks(args: argparse.Namespace, ranks: int) -> list[dict]:
    """Start processes and return what they measured."""
    with socket.socket() as opened:
        opened.bind(('127.0.0.1', 0))
        port = str(opened.getsockname()[1])
    environment = {
        **os.environ, 'MASTER_ADDR': '127.0.0.1', 'MASTER_PORT': port, 'OMP_NUM_THREADS': '1',
        'GLOO_SOCKET_IFNAME': 'lo',
    }  # fmt: skip
    options = ['--size', args.size, '--ranks', str(ranks), '--rounds', str(args.rounds)]
    processes = [
        subprocess.Popen(
            [sys.executable, __file__, *options, '--rank', str(rank)],
            env=environment, stdout=subprocess.PIPE,
        )
        for rank in range(ranks)
    ]  # fmt: skip
    return [json.loads(p.communicate()[0].splitlines()[-1]) for p in processes]


def measure(args: argparse.Namespace) -> dict:
    """Compare one rank, several, and one again."""
    before, several, after = (run_ranks(args, ranks) for ranks in (1, args.ranks, 1))
    size = SIZES[args.size]
    clips = size.labeled + size.unlabeled
    one = 2 * clips / (before[0]['seconds'] + after[0]['seconds'])
    all_ranks = args.ranks * clips / max(result['seconds'] for result in several)
    return {
        'machine': describe_machine(),
        'size': args.size,
        'ranks': args.ranks,
        'clips_per_second': {'one': round(one, 3), 'all': round(all_ranks, 3)},
        'ratio': round(all_ranks / one, 3),
        'sent_mb': several[0]['sent_mb'],
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and return its exit status."""
    args = parse_args(argv)
    if args.rank is not None:
        print(json.dumps(be_a_rank(args)))
        return 0
    result = measure(args)
    text = (
        f'{result["ranks"]} ranks make {result["ratio"]} times the clips of one; '
        f'{result["sent_mb"]} MB are reduced in a step'
    )
    print(json.dumps(result, indent=2) if args.json else text)
    return 0


if __name__ == '__main__':
    sys.exit(main())
