"""Run a training batch once more and find where its numbers stop being finite."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, NamedTuple

import torch
from mmengine.config import Config, ConfigDict
from mmengine.device import get_device
from mmengine.logging import MessageHub
from mmengine.registry import init_default_scope
from torch import Tensor, nn
from torch.optim import SGD

from mmavssl.datasets.build_collate import build_collate
from mmavssl.engine.hooks.step_seed import seed_generators
from mmavssl.engine.hooks.threshold_update import pool_sizes
from mmavssl.registry import DATASETS, MODELS, OPTIM_WRAPPERS
from mmavssl.structures.batch_record import BatchRecord
from mmavssl.utils.checkpoints import check_checkpoint_fits, read_checkpoint, state_dict_of
from mmavssl.utils.components import look_up
from mmavssl.utils.dataset_configs import dataset_configs
from mmavssl.utils.errors import ConfigError
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
        remarks: why it may not be the iteration that was recorded.
    """

    inputs: list[tuple[str, str, str]]
    losses: dict[str, float]
    modules: list[str]
    gradients: list[str]
    remarks: Sequence[str] = ()


def replay_batch(cfg: Config, record: BatchRecord, checkpoint: str | None = None) -> Replay:
    """Load the clips of a record as they were drawn, and make its iteration without a step.

    With the checkpoint of the iteration before, it is the same iteration; with another one, the
    clips and all random numbers are the same, but the weights are not. It runs where training
    would, and in the precision of the run.

    Args:
        cfg: config of the run; seeds of data and the weights of losses are those of the record.
        record: of `NonFiniteGuardHook`.
        checkpoint: of the run; None: the initial weights.

    Raises:
        ConfigError: a checkpoint of another model, or a precision that this device has not.
        DataError: a clip that cannot be read.
    """
    init_default_scope(cfg.get('default_scope', 'mmavssl'))
    seed_generators(record.seed)
    model = MODELS.build(cfg.model)
    batch, dataset = load_batch(cfg, record)
    prepare(model, checkpoint, dataset)
    model.to(device := get_device())
    if record.loss_weights:
        model.loss_weights.update(record.loss_weights)
    MessageHub.get_current_instance().update_info('epoch', record.epoch)
    seed_generators(step_seed(record))
    with watch(model) as modules, forward_context(cfg, record, model):
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
        remarks=remarks(record, torch.device(device).type),
    )


def step_seed(record: BatchRecord) -> int:
    """Return the seed of the iteration; of an older record, the one that `StepSeedHook` sets."""
    if record.step_seed is not None:
        return record.step_seed
    return stable_seed(record.seed, record.iter, record.rank)


def remarks(record: BatchRecord, device: str) -> list[str]:
    """Say why a replay on a kind of device may not be the iteration of a record."""
    texts = []
    told = {
        'seed of the iteration': record.step_seed,
        'seeds of the data sets': record.data_seeds,
        'weights of the losses': record.loss_weights,
    }
    missing = [name for name, value in told.items() if value is None]
    if missing:
        texts.append(
            f'The record does not tell: {", ".join(missing)}. What config and default hooks give '
            'is used, which may not be what the run had.'
        )
    if record.device not in (None, device):
        texts.append(
            f'The run was on {record.device}, this is {device}: what the model draws (mixing '
            'ratios, masks, partners) is not the same.'
        )
    return texts


def load_batch(cfg: Config, record: BatchRecord) -> tuple[dict, Any]:
    """Return the batch of a record, and the data set that it is of."""
    loader = seeded(cfg.train_dataloader, record.data_seeds)
    dataset = DATASETS.build(loader.dataset)
    if hasattr(dataset, 'full_init'):
        dataset.full_init()
    collate = build_collate(loader)
    return collate([dataset[draw] for draw in record.draws]), dataset


def seeded(loader: ConfigDict, seeds: Mapping[str, int] | None) -> ConfigDict:
    """Return the config of a data loader, whose data sets have these seeds and no others.

    Args:
        loader: the config, which stays as it is.
        seeds: by the place of the data set; None: those of the config.
    """
    loader = copy.deepcopy(loader)
    if seeds is not None:
        for place, dataset in dataset_configs(loader, 'train_dataloader'):
            dataset.pop('seed', None)
            if place in seeds:
                dataset['seed'] = seeds[place]
    return loader


def forward_context(
    cfg: Config, record: BatchRecord, model: nn.Module
) -> AbstractContextManager[None]:
    """Return the context in which a run's optimizer wrapper lets a model compute.

    Args:
        cfg: config of the run.
        record: names the class of the wrapper, which is not the config's after ``--amp``.
        model: that computes.

    Raises:
        ConfigError: the wrapper cannot be built here.
    """
    settings = dict(cfg.get('optim_wrapper') or {})
    if 'optimizer' not in settings:  # none, or several, in which the algorithm computes itself
        return nullcontext()
    for name in ('constructor', 'paramwise_cfg'):
        settings.pop(name, None)
    used = look_up(record.optim_wrapper, OPTIM_WRAPPERS) if record.optim_wrapper else None
    settings['type'] = used or settings.get('type', 'OptimWrapper')
    settings['optimizer'] = SGD([torch.zeros((), requires_grad=True)], lr=0.0)  # makes no step
    try:
        wrapper = OPTIM_WRAPPERS.build(settings)
    except (AssertionError, TypeError) as error:
        raise ConfigError(
            f'optim_wrapper: {error}. Replay the batch with the config in the work dir of the '
            'run, on a machine like that of the run.'
        ) from error
    return wrapper.optim_context(model)


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
