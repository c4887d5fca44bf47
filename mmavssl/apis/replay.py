"""Run a training batch once more and find where its numbers stop being finite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from mmengine.config import Config
from mmengine.logging import MessageHub
from mmengine.registry import init_default_scope
from torch import Tensor, nn

from mmavssl.engine.hooks.step_seed import seed_generators
from mmavssl.engine.hooks.threshold_update import pool_sizes
from mmavssl.registry import DATASETS, FUNCTIONS, MODELS
from mmavssl.structures.batch_record import BatchRecord
from mmavssl.utils.checkpoints import check_checkpoint_fits, read_checkpoint, state_dict_of
from mmavssl.utils.random import stable_seed


class Replay(NamedTuple):
    """What a batch gave.

    Attributes:
        inputs: (name, clip, problem) of each input tensor of a clip with numbers that are not
            finite; ``name`` is ``source.view.modality``.
        losses: by name.
        modules: names of the modules whose output was not finite, in the order of the forward
            pass; the first one is where it began.
        gradients: names of parameters whose gradient is not finite.
    """

    inputs: list[tuple[str, str, str]]
    losses: dict[str, float]
    modules: list[str]
    gradients: list[str]


def replay_batch(cfg: Config, record: BatchRecord, checkpoint: str | None = None) -> Replay:
    """Load the clips of a record as they were drawn, and make its iteration without a step.

    With the checkpoint of the iteration before, it is the same iteration; with another one, the
    clips and all random numbers are the same, but the weights are not.

    Args:
        cfg: config of the run.
        record: of `NonFiniteGuardHook`.
        checkpoint: of the run; None: the initial weights.

    Raises:
        ConfigError: a checkpoint of another model.
        DataError: a clip that cannot be read.
    """
    init_default_scope(cfg.get('default_scope', 'mmavssl'))
    seed_generators(record.seed)
    model = MODELS.build(cfg.model)
    batch, dataset = load_batch(cfg, record)
    prepare(model, checkpoint, dataset)
    MessageHub.get_current_instance().update_info('epoch', record.epoch)
    seed_generators(stable_seed(record.seed, record.iter, record.rank))
    with watch(model) as modules:
        data = model.data_preprocessor(batch, training=True)
        losses = model(**data, mode='loss')
    total, logged = model.parse_losses(losses)
    if total.requires_grad:
        total.backward()
    return Replay(
        inputs=list(bad_inputs(data['inputs'], data['data_samples'])),
        losses={name: float(value) for name, value in logged.items()},
        modules=modules,
        gradients=[
            name
            for name, parameter in model.named_parameters()
            if parameter.grad is not None and not is_finite(parameter.grad)
        ],
    )


def load_batch(cfg: Config, record: BatchRecord) -> tuple[dict, Any]:
    """Return the batch of a record, and the data set that it is of."""
    loader = cfg.train_dataloader
    dataset = DATASETS.build(loader.dataset)
    if hasattr(dataset, 'full_init'):
        dataset.full_init()
    collate = FUNCTIONS.get((loader.get('collate_fn') or {'type': 'pseudo_collate'})['type'])
    return collate([dataset[draw] for draw in record.draws]), dataset


def prepare(model: nn.Module, checkpoint: str | None, dataset: Any) -> None:
    """Bring a model to the state of a checkpoint, as the Runner does, and to training mode."""
    if hasattr(model, 'init_weights'):
        model.init_weights()
    if hasattr(model, 'threshold'):
        model.threshold.setup(*pool_sizes(dataset, model.threshold.needs_index))
    if checkpoint is not None:
        check_checkpoint_fits(model, checkpoint)
        content = read_checkpoint(checkpoint)
        model.load_state_dict(state_dict_of(content, checkpoint), strict=False)
    model.train()


@contextmanager
def watch(model: nn.Module) -> Iterator[list[str]]:
    """Give a list that gets the names of modules with an output that is not finite."""
    found: list[str] = []
    handles = []
    for name, module in model.named_modules():
        if any(True for _ in module.children()):
            continue  # what is in it comes first

        def note(module: nn.Module, inputs: tuple, output: Any, name: str = name) -> None:
            values = output if isinstance(output, tuple | list) else [output]
            if name not in found and not all(is_finite(v) for v in values if torch.is_tensor(v)):
                found.append(name)

        handles.append(module.register_forward_hook(note))
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()


def bad_inputs(
    inputs: Mapping | Tensor, samples: Any, where: str = ''
) -> Iterator[tuple[str, str, str]]:
    """Yield (name, clip, problem) of what goes into the model and is not finite.

    Args:
        inputs: nested tensors (B, ...) by source, view and modality.
        samples: data samples, nested by source as far as ``inputs`` are.
        where: name of the inputs.
    """
    if isinstance(inputs, Mapping):
        for name, value in inputs.items():
            below = samples[name] if isinstance(samples, Mapping) else samples
            yield from bad_inputs(value, below, f'{where}.{name}'.lstrip('.'))
        return
    for clip, sample in zip(inputs, samples, strict=False):
        if not is_finite(clip):
            count = int((~torch.isfinite(clip)).sum())
            path = str(sample.get('video_path', '?'))
            yield where, path, f'{count} of {clip.numel()} numbers are not finite'


def is_finite(value: Tensor) -> bool:
    """Whether all numbers are finite."""
    return bool(torch.isfinite(value).all())
