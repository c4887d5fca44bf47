"""Put samples together into batches."""

from collections.abc import Sequence

import torch

from mmavssl.registry import FUNCTIONS
from mmavssl.utils.errors import DataError


@FUNCTIONS.register_module()
def av_collate(samples: Sequence[dict]) -> dict:
    """Stack the tensors of samples of equal structure; data samples become a list.

    Raises:
        DataError: tensors of different shapes, or modalities that some samples lack.
    """
    data_samples = [sample['data_samples'] for sample in samples]
    paths = [sample.get('video_path', '?') for sample in data_samples]
    return {
        'inputs': _stack([sample['inputs'] for sample in samples], 'inputs', paths),
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


def _stack(values: list, where: str, paths: list[str]) -> dict | torch.Tensor:
    if isinstance(values[0], dict):
        for value, path in zip(values, paths, strict=True):
            if value.keys() != values[0].keys():
                raise DataError(
                    f'{where} of {path} has {sorted(value)}, but that of {paths[0]} has '
                    f'{sorted(values[0])}. One pipeline must give the same keys for all clips.'
                )
        return {
            key: _stack([value[key] for value in values], f'{where}.{key}', paths)
            for key in values[0]
        }
    for value, path in zip(values, paths, strict=True):
        if value.shape != values[0].shape:
            raise DataError(
                f'{where} of {path} has the shape {tuple(value.shape)}, but that of {paths[0]} '
                f'{tuple(values[0].shape)}. Crop or pad them to one size in the pipeline.'
            )
    return torch.stack(values)
