"""Build the data preprocessor of a model."""

from collections.abc import Mapping

from torch import nn

from mmavssl.registry import MODELS


def build_preprocessor(cfg: Mapping | nn.Module | None) -> nn.Module:
    """Return the data preprocessor of a model.

    Args:
        cfg: ``data_preprocessor`` of its config: an `AVDataPreprocessor` where it names no
            ``type``, or is None; a module is returned as it is.
    """
    if isinstance(cfg, nn.Module):
        return cfg
    return MODELS.build({'type': 'mmavssl.AVDataPreprocessor', **(cfg or {})})
