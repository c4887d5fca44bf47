"""Look into a pipeline without changing what it gives."""

from typing import NamedTuple

from mmengine.config import Config
from torch.utils.data import Dataset

from mmavssl.datasets.transforms import PackAVInputs
from mmavssl.registry import DATASETS
from mmavssl.structures import DrawIndex
from mmavssl.utils.errors import ConfigError

STREAMS = ('labeled', 'unlabeled')


class DrawnClip(NamedTuple):
    """One draw of a clip.

    Attributes:
        draw: what was asked for.
        sample: what the data set gives, ``inputs`` and ``data_samples``.
        results: what its pipeline knew before it packed them; empty where that cannot be seen.
    """

    draw: DrawIndex
    sample: dict
    results: dict


class SampleTap:
    """Transform that hands its input on and remembers it."""

    def __init__(self) -> None:
        self.results: dict = {}

    def __call__(self, results: dict) -> dict:
        """Remember the results of the transforms before it."""
        self.results = results
        return results


class TappedDataset:
    """Draws clips of a data set, and keeps what its pipeline knows of them.

    Args:
        dataset: the data set; its pipeline gets a `SampleTap` before `PackAVInputs`.
    """

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.tap = SampleTap()
        transforms = getattr(getattr(dataset, 'pipeline', None), 'transforms', [])
        packers = [i for i, step in enumerate(transforms) if isinstance(step, PackAVInputs)]
        if packers:
            transforms.insert(packers[0], self.tap)

    def draw(self, index: DrawIndex) -> DrawnClip:
        """Return the draw that a sampler with this index gets."""
        self.tap.results = {}
        sample = self.dataset[index]
        return DrawnClip(index, sample, self.tap.results)


def open_dataset(cfg: Config, part: str, stream: str | None) -> Dataset:
    """Build a data set as training or testing does.

    Args:
        cfg: the whole config.
        part: ``train``, ``val`` or ``test``.
        stream: ``labeled`` or ``unlabeled`` clips of the training part; None: the unlabeled ones
            where there are some.

    Raises:
        ConfigError: the config has no such part or stream, or one that is no list of clips.
    """
    loader = cfg.get(f'{part}_dataloader')
    if not loader:
        raise ConfigError(f'The config has no `{part}_dataloader`. Choose another --part.')
    if stream and part != 'train':
        raise ConfigError(f'--stream {stream}: only the training part has streams, not {part}.')
    dataset = DATASETS.build(loader.dataset)
    found = {name: getattr(dataset, name) for name in STREAMS if hasattr(dataset, name)}
    if not found:
        found = {getattr(dataset, 'source', part): dataset}
    stream = stream or list(found)[-1]
    if stream not in found:
        raise ConfigError(
            f'--stream {stream}: `{part}_dataloader.dataset` has only {" and ".join(found)} clips.'
        )
    if not (hasattr(found[stream], '__getitem__') and hasattr(found[stream], '__len__')):
        raise ConfigError(
            f'`{part}_dataloader.dataset` is a {type(dataset).__name__}, which gives clips in its '
            'own order alone. Only data sets with an index can be browsed.'
        )
    return found[stream]
