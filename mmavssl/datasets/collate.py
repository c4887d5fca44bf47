"""Put samples together into batches."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from mmavssl.registry import FUNCTIONS
from mmavssl.utils.errors import DataError


@FUNCTIONS.register_module()
def av_collate(samples: Sequence[dict]) -> dict:
    """Stack the tensors of samples of equal structure; data samples become a list.

    Raises:
        DataError: tensors of different shapes, or modalities that some samples lack.
    """
    data_samples = [sample['data_samples'] for sample in samples]
    names = [_name(data_sample) for data_sample in data_samples]
    return {
        'inputs': _stack([sample['inputs'] for sample in samples], 'inputs', names),
        'data_samples': data_samples,
    }


@FUNCTIONS.register_module()
def semi_supervised_collate(samples: Sequence[dict]) -> dict:
    """Collate each source (labeled, unlabeled) on its own, as one contiguous batch.

    Returns:
        ``{'inputs': {source: {view: {modality: (B, ...)}}}, 'data_samples': {source: [...]}}``;
        a source without samples is absent.
    """
    sources: dict[str, list[dict]] = {}
    for sample in samples:
        sources.setdefault(sample['data_samples'].source, []).append(sample)
    batches = {source: av_collate(group) for source, group in sources.items()}
    return {
        key: {source: batch[key] for source, batch in batches.items()}
        for key in ('inputs', 'data_samples')
    }


def _name(data_sample: Any) -> str:
    source, index = (data_sample.get(key, '?') for key in ('source', 'sample_idx'))
    return data_sample.get('video_path', f'{source} sample {index}')


def _stack(values: list, where: str, names: list[str]) -> dict | Tensor:
    if isinstance(values[0], dict):
        for value, name in zip(values, names, strict=True):
            if value.keys() != values[0].keys():
                raise DataError(
                    f'{where} of {name} has {sorted(value)}, but that of {names[0]} has '
                    f'{sorted(values[0])}. One pipeline must give the same keys for all clips.'
                )
        return {
            key: _stack([value[key] for value in values], f'{where}.{key}', names)
            for key in values[0]
        }
    kinds = [(value.dtype, tuple(value.shape)) for value in values]
    for kind, name in zip(kinds, names, strict=True):
        if kind != kinds[0]:
            raise DataError(
                f'{where} of {name} is {_describe(*kind)}, but that of {names[0]} is '
                f'{_describe(*kinds[0])}. Crop or pad to one size in the pipeline.'
            )
    return torch.stack(values)


def _describe(dtype: torch.dtype, shape: tuple[int, ...]) -> str:
    return f'{str(dtype).removeprefix("torch.")} {shape}'
