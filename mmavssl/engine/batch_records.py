"""Note a batch of training such that it can be made once more."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from mmengine.device import get_device
from mmengine.dist import get_rank
from mmengine.runner import Runner

from mmavssl.datasets.batch_draws import draws_of_batch, video_path_of
from mmavssl.engine.hooks.step_seed import StepSeedHook
from mmavssl.engine.runner_parts import algorithm_of
from mmavssl.structures.batch_record import BatchRecord
from mmavssl.utils.dataset_configs import dataset_configs


def record_of(runner: Runner, number: int, outputs: Any) -> Callable[[], BatchRecord]:
    """Return what makes the record of a batch of this epoch, should it be needed.

    Args:
        runner: in the iteration of the batch.
        number: of the batch in the epoch.
        outputs: losses, which stay where they are until then.
    """
    iteration, epoch = runner.iter, runner.epoch
    losses = {name: torch.as_tensor(value).detach() for name, value in (outputs or {}).items()}
    seeds = [hook.seed for hook in runner.hooks if isinstance(hook, StepSeedHook)]
    weights = loss_weights_of(runner)

    def make() -> BatchRecord:
        loader = runner.train_dataloader
        draws = draws_of_batch(loader, number)
        return BatchRecord(
            iter=iteration,
            epoch=epoch,
            rank=get_rank(),
            seed=runner.seed,
            losses={name: float(value) for name, value in losses.items()},
            draws=draws,
            paths=[video_path_of(loader.dataset, draw) for draw in draws],
            step_seed=seeds[-1] if seeds else None,
            data_seeds=data_seeds_of(runner.cfg),
            loss_weights=weights,
            optim_wrapper=type(runner.optim_wrapper).__name__,
            device=torch.device(get_device()).type,
        )

    return make


def loss_weights_of(runner: Runner) -> dict[str, float]:
    """Return the weights of losses that the iteration has had, which hooks may change."""
    weights = getattr(algorithm_of(runner), 'loss_weights', None)
    if not isinstance(weights, Mapping):  # of a plugin, which may call so what it likes
        return {}
    return {name: value for name, value in weights.items() if isinstance(value, int | float)}


def data_seeds_of(cfg: Mapping) -> dict[str, int]:
    """Return the seeds that a config gives to its training data, by the place of each data set."""
    found = dataset_configs(cfg.get('train_dataloader'), 'train_dataloader')
    return {place: dataset['seed'] for place, dataset in found if 'seed' in dataset}
