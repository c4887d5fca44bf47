"""Random numbers of a training iteration that follow from its number."""

import random

import numpy as np
import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.hooks.hook import DATA_BATCH
from mmengine.runner import Runner

from mmavssl.registry import HOOKS
from mmavssl.utils.random import stable_seed


@HOOKS.register_module()
class StepSeedHook(Hook):
    """Seed all random generators, also that of the rank's GPU, before each training iteration.

    Everything that the model draws in iteration i (mixing ratios, masks, partners, drop path)
    follows from ``(runner.seed, i, rank)``. A resumed run so repeats an uninterrupted one without
    generator states in its checkpoints. The data set does not depend on it: its samples have their
    own keys.

    It runs before all other hooks of the iteration and takes some 10 µs.

    Args:
        diff_rank: ranks draw different numbers; False as in SVFormer's code, where all GPUs use
            the same ratio, mask, partners and drop path.

    Attributes:
        seed: of the last iteration that has begun.
    """

    priority = 'HIGHEST'
    seed: int | None = None

    def __init__(self, diff_rank: bool = True) -> None:
        self.diff_rank = diff_rank

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: DATA_BATCH = None
    ) -> None:
        """Seed for the iteration that begins."""
        rank = get_rank() if self.diff_rank else 0
        self.seed = stable_seed(runner.seed, runner.iter, rank)
        seed_generators(self.seed)


def seed_generators(seed: int) -> None:
    """Seed the global generators.

    ``torch.manual_seed`` would seed all GPUs of the machine, and record a call for later in a
    process that uses none; here it is the current one, if any is in use.

    Args:
        seed: at least 0 and below 2**63.
    """
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.random.default_generator.manual_seed(seed)
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed(seed)
