"""What an algorithm's own ``init_cfg`` may be."""

from collections.abc import Mapping
from typing import Any

from mmavssl.utils.errors import ConfigError


def check_no_pretrained(init_cfg: Any, network: str) -> None:
    """Raise if an algorithm itself is to start from a file.

    MMEngine would load what fits by chance and log the rest, before the networks are made equal.

    Args:
        init_cfg: of the algorithm.
        network: key of its network, which can.

    Raises:
        ConfigError: says where the file belongs.
    """
    settings = [init_cfg] if isinstance(init_cfg, Mapping) else init_cfg or ()
    if any(setting.get('type') == 'Pretrained' for setting in settings):
        raise ConfigError(
            f'`model.init_cfg` loads no weights. Set `model.{network}.init_cfg` to start the '
            'network from a file, or `load_from` to load all of the model.'
        )
