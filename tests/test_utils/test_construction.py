import inspect
from abc import ABC, abstractmethod

import pytest
from mmengine.registry import Registry
from torch import nn
from torch.utils.data import IterableDataset

from mmavssl import registry as reg
from mmavssl.models.algorithms.base import RecognitionAlgorithm
from mmavssl.models.maskers import BaseMasker
from mmavssl.models.mixers.base import BaseMixer
from mmavssl.models.thresholds.base import BaseThreshold
from mmavssl.utils.construction import check_written, construct
from mmavssl.utils.errors import ConfigError, DataError

BARE = '.__init__ does not call super().__init__(), which has to come before it sets anything.'


class Plain(nn.Module):
    def __init__(self) -> None:
        self.size = 3  # torch lets this pass

    def forward(self) -> None: ...


class WithLayer(nn.Module):
    def __init__(self) -> None:
        self.layer = nn.Linear(1, 1)

    def forward(self) -> None: ...


class WithParameter(nn.Module):
    def __init__(self) -> None:
        self.scale = nn.Parameter(nn.Linear(1, 1).weight)

    def forward(self) -> None: ...


@pytest.mark.parametrize('kind', [Plain, WithLayer, WithParameter])
def test_module_without_its_base(kind):
    with pytest.raises(ConfigError) as caught:
        construct(kind, {})
    assert str(caught.value) == kind.__name__ + BARE


class Base(ABC):
    @abstractmethod
    def draw(self) -> int: ...


class Misspelt(Base):
    def drawn(self) -> int: ...


class Empty(Base):
    pass


class Silent(nn.Module):
    """torch finds that `forward` is missing when it is called."""


class Masker(BaseMasker):
    def drow(self) -> None: ...


class Mixer(BaseMixer):
    pass


class Threshold(BaseThreshold):
    def update(self, probs: object, sample_idx: object = None) -> None: ...


class Algorithm(RecognitionAlgorithm):
    def losses(self) -> dict: ...


@pytest.mark.parametrize(
    ('kind', 'said'),
    [
        (Misspelt, '`draw`, which its base leaves to it, but it has only `drawn`.'),
        (Empty, '`draw`, which its base leaves to it.'),
        (Silent, '`forward`, which its base leaves to it.'),
        (Masker, '`draw`, which its base leaves to it, but it has only `drow`.'),
        (Mixer, '`forward`, which its base leaves to it.'),
        (Threshold, '`forward`, which its base leaves to it, but it has only `update`.'),
        (Algorithm, '`loss`, `networks`, which its base leaves to it, but it has only `losses`.'),
    ],
)
def test_method_that_is_missing(kind, said):
    with pytest.raises(ConfigError) as caught:
        construct(kind, {})
    assert str(caught.value) == f'Expected the class {kind.__name__} to write {said}'


@pytest.mark.parametrize(
    'registry', [value for value in vars(reg).values() if isinstance(value, Registry)]
)
def test_all_that_is_registered_is_complete(registry):
    registry.import_from_location()
    for kind in registry.module_dict.values():
        if not inspect.isclass(kind) or kind.__module__.startswith('mmavssl.'):
            check_written(kind)


def refuse(kind: str) -> None:
    raise {'value': ValueError, 'key': KeyError, 'data': DataError, 'os': OSError}[kind]('x')


@pytest.mark.parametrize(
    ('kind', 'error', 'said'),
    [
        ('value', ConfigError, r'^refuse: x$'),
        ('key', ConfigError, r"^refuse cannot be built: KeyError: 'x'\. Its arguments: \{'kind'"),
        ('data', DataError, r'^x$'),
        ('os', OSError, r'^x$'),
    ],
)
def test_refusals(kind, error, said):
    with pytest.raises(error, match=said):
        construct(refuse, {'kind': kind})


class Endless(IterableDataset):
    """torch leaves `__getitem__` to it as well, which nobody calls."""

    def __iter__(self) -> None: ...


def test_what_is_built():
    assert isinstance(construct(Endless, {}), Endless)
    assert isinstance(construct(nn.Linear, {'in_features': 1, 'out_features': 2}), nn.Linear)
    assert construct(dict, {'a': 1}) == {'a': 1}
