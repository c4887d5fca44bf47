"""Several processes: joining them without GPUs, which MMEngine does not provide for; gathering."""

import gc
import os

import torch
from mmengine.config import Config
from mmengine.dist import all_gather
from torch import Tensor, distributed
from torch.distributed.nn import functional as with_grad

from mmavssl.utils.errors import ConfigError
from mmavssl.utils.launchers import STARTERS, VARIABLES

DDP = 'MMDistributedDataParallel'


def join_cpu_processes(cfg: Config) -> None:
    """Join the other processes over gloo, where there are several and no GPU.

    MMEngine selects a CUDA device for each process and wraps the model for it. On a machine
    without one the group must exist before the Runner, and the wrapper must be given no device.

    Args:
        cfg: the config, whose ``launcher`` says how the processes were started; its
            ``model_wrapper_cfg`` is changed.

    Raises:
        ConfigError: a launcher other than ``pytorch``, or one that has not started this process.
    """
    if cfg.launcher == 'none':
        return
    has_gpu = torch.cuda.is_available()
    if cfg.launcher != 'pytorch' and not has_gpu:
        raise ConfigError(
            f'--launcher {cfg.launcher} needs a CUDA device in each process. Without GPUs use '
            'tools/dist_train.sh (--launcher pytorch).'
        )
    check_started_by(cfg.launcher)
    if has_gpu:
        return
    distributed.init_process_group('gloo')
    wrapper = {'type': DDP, **(cfg.get('model_wrapper_cfg') or {})}
    if wrapper['type'] == DDP:
        wrapper = {
            'broadcast_buffers': False,
            'find_unused_parameters': cfg.get('find_unused_parameters', False),
            **wrapper,
            'device_ids': [],
        }
    cfg.model_wrapper_cfg = wrapper


def check_started_by(launcher: str) -> None:
    """Raise a `ConfigError` unless this process has the variables that a launcher sets."""
    missing = [name for name in VARIABLES[launcher] if name not in os.environ]
    if missing:
        raise ConfigError(
            f'--launcher {launcher}: the environment lacks {", ".join(missing)}, which those have '
            f'that it starts. Start it with {STARTERS[launcher]}, or leave --launcher out.'
        )


def leave_processes() -> None:
    """Leave the group, if any, and end its threads, before the interpreter ends.

    A thread of gloo that still lets go of a tensor by then is ended by Python in the middle of it,
    and the process aborts (SIGABRT) with its work done. The threads end with the group, and the
    group with the last of those that hold it, as DDP does: whoever calls this has to have let go
    of the Runner.
    """
    if distributed.is_initialized():
        gc.collect()  # a Runner and its parts refer to each other
        distributed.destroy_process_group()


def gather(values: Tensor) -> Tensor:
    """Concatenate equally long tensors (U, ...) of all ranks, in the order of the ranks."""
    return torch.cat(all_gather(values.contiguous()))


def gather_with_grad(values: Tensor) -> Tensor:
    """Concatenate equally long tensors (U, ...) of all ranks; gradients flow back to each.

    A loss that each rank computes of all values is the same on all ranks. Its gradient reaches a
    rank's own values once from each rank, and the mean over ranks that DDP takes is the gradient
    that one process with all values has.
    """
    if not distributed.is_initialized() or distributed.get_world_size() == 1:
        return values
    return torch.cat(with_grad.all_gather(values.contiguous()))
