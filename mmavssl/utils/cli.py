"""What the command-line tools share; imports nothing heavy, so that ``--help`` is fast."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mmavssl.utils.commands import as_typed, called_command
from mmavssl.utils.console_log import log_traceback
from mmavssl.utils.errors import CLEAR, ConfigError
from mmavssl.utils.launchers import rank_of
from mmavssl.utils.tool_errors import message_of

#: Exit status of what Ctrl-C has ended.
INTERRUPTED = 130


def add_reading_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what all tools that read a config have: ``--cfg-options`` and ``--safe-config``."""
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action='extend',
        default=[],
        type=key_and_value,
        metavar='KEY=VALUE',
        help='changes to the config, e.g. model.mixer.alpha=5.0 train_dataloader.num_workers=4',
    )
    parser.add_argument(
        '--safe-config',
        action='store_true',
        help='accept the config only if it is data; otherwise it is Python code that is run, so '
        'read a config that you got from somebody else before',
    )


def key_and_value(text: str) -> str:
    """Refuse what else stands after ``--cfg-options``, such as a file, which is then missing."""
    if '=' not in text:
        raise argparse.ArgumentTypeError(
            f'expected KEY=VALUE, but got {text!r}. What is none has to stand before --cfg-options'
        )
    return text


def add_config_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what runs have besides, as OpenMMLab's: ``--work-dir`` and ``--launcher``."""
    add_reading_arguments(parser)
    parser.add_argument('--work-dir', help='folder of logs and checkpoints')
    parser.add_argument(
        '--launcher',
        choices=('none', 'pytorch', 'slurm', 'mpi'),
        default='none',
        help='how the processes were started',
    )
    # `python -m torch.distributed.launch` passes it; torchrun sets the variable itself.
    parser.add_argument(
        '--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS
    )


def run_tool(
    name: str, job: Callable[[argparse.Namespace], int | None], args: argparse.Namespace
) -> int:
    """Run a job and return the exit status of the tool.

    A mistake of the user's, and what a run cannot go on after, is one line on stderr and status 2.
    What all processes notice before they join is written by the first one alone; a bad file may be
    in the part of any. Ctrl-C is one line and status 130. No ``torch.load`` runs code of a file,
    whichever package calls it.

    Args:
        name: of the tool, for the message; a command of `mmavssl` is called by its own.
        job: what it does; may return another status than 0.
        args: of the tool; ``local_rank`` is that of `add_config_arguments`.
    """
    name = called_command() or name
    os.environ.setdefault('LOCAL_RANK', str(getattr(args, 'local_rank', 0)))
    os.environ['TORCH_FORCE_WEIGHTS_ONLY_LOAD'] = '1'
    try:
        check_given(args)
        status = job(args)
    except Exception as error:
        message = message_of(error, name)
        if message is None:
            raise
        log = log_traceback(error)
        if log and not isinstance(error, CLEAR):
            message += f' The traceback is in {log}.'
        rank = rank_of(getattr(args, 'launcher', 'none'))
        if rank == 0:
            print(f'{name}: {as_typed(message)}', file=sys.stderr)
        elif has_joined():
            print(f'{name} (rank {rank}): {as_typed(message)}', file=sys.stderr)
        return 2
    except KeyboardInterrupt as stopped:
        if rank_of(getattr(args, 'launcher', 'none')) == 0:
            print(f'{name}: {as_typed(f"stopped. {stopped}".strip())}', file=sys.stderr)
        return getattr(stopped, 'status', INTERRUPTED)
    return status or 0


@contextmanager
def if_stopped(remark: str) -> Iterator[None]:
    """Say what can be done after Ctrl-C, in the line that `run_tool` writes then."""
    try:
        yield
    except KeyboardInterrupt as stopped:
        stopped.args = (remark,)
        raise


def check_given(args: argparse.Namespace) -> None:
    """Raise a ConfigError at an empty text, which would count as the folder one is in."""
    for name, value in vars(args).items():
        if '' in (value if isinstance(value, list) else [value]):
            raise ConfigError(
                f'`{name}` is empty, as by a variable of the shell that is not set. Name '
                'something, or leave it out.'
            )


def has_joined() -> bool:
    """Whether this process belongs to a group by now; without torch it cannot."""
    distributed = getattr(sys.modules.get('torch'), 'distributed', None)
    return bool(distributed and distributed.is_available() and distributed.is_initialized())
