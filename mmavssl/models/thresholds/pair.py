"""A threshold for each of several networks."""

from collections.abc import Mapping

from torch import Tensor, nn

from mmavssl.models.thresholds.base import BaseThreshold
from mmavssl.registry import THRESHOLDS


class ThresholdPair(BaseThreshold):
    """Thresholds of one kind with states of their own, for algorithms that keep several.

    The algorithm asks and updates each of ``of``; `ThresholdUpdateHook` sizes and logs all.

    Args:
        threshold: config of each.
        names: of the networks.
    """

    def __init__(self, threshold: Mapping, names: tuple[str, ...]) -> None:
        super().__init__()
        self.of = nn.ModuleDict({name: THRESHOLDS.build(dict(threshold)) for name in names})
        self.needs_index = any(each.needs_index for each in self.of.values())

    @property
    def is_set_up(self) -> bool:
        """Whether `setup` has sized the states."""
        return all(each.is_set_up for each in self.of.values())

    def setup(self, num_samples: int, num_classes: int) -> None:
        """Size the states; arguments as in `BaseThreshold.setup`."""
        for each in self.of.values():
            each.setup(num_samples, num_classes)

    def log_vars(self) -> dict[str, Tensor]:
        """Return what each has to log, with the name of its network."""
        return {
            f'{key}_{name}': value
            for name, each in self.of.items()
            for key, value in each.log_vars().items()
        }
