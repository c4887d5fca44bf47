"""Labeled clips and the unlabeled pool as one data set."""

from mmengine.dataset import ClassBalancedDataset, ConcatDataset, RepeatDataset
from torch.utils.data import Dataset

from mmavssl.registry import DATASETS
from mmavssl.structures import DrawIndex
from mmavssl.utils.errors import ConfigError, DataError

#: MMEngine's data sets of other data sets, in which several clips share a number.
SEVERAL = (ClassBalancedDataset, ConcatDataset, RepeatDataset)


@DATASETS.register_module()
class SemiSupervisedDataset(Dataset):
    """Labeled clips first, then unlabeled ones; `TwoStreamSampler` draws from both.

    ``sample_idx`` counts within each stream, so an unlabeled clip keeps its number in [0, U)
    whatever the number of labeled clips; thresholds that remember clips need this.

    Args:
        labeled: labeled data set or its config; ``source='labeled'`` need not be said.
        unlabeled: unlabeled data set or its config; ``source='unlabeled'`` need not be said.

    Raises:
        ConfigError: one of them has another ``source``, or joins or repeats data sets.
        DataError: one of them is empty, or their class names differ.
    """

    def __init__(self, labeled: dict | Dataset, unlabeled: dict | Dataset) -> None:
        self.labeled = _build(labeled, 'labeled')
        self.unlabeled = _build(unlabeled, 'unlabeled')
        _check_classes(*(data.metainfo['classes'] for data in (self.labeled, self.unlabeled)))

    @property
    def metainfo(self) -> dict:
        """Metainfo of the labeled data set (class names)."""
        return self.labeled.metainfo

    def full_init(self) -> None:
        """Do nothing: both lists are loaded when the data set is built. MMEngine calls it."""

    def __len__(self) -> int:
        return len(self.labeled) + len(self.unlabeled)

    def __getitem__(self, draw: int | DrawIndex) -> dict:
        """Return one draw of a sample of either stream.

        Raises:
            IndexError: no such sample.
        """
        draw = draw if isinstance(draw, DrawIndex) else DrawIndex(int(draw))
        stream, index = self._locate(draw.index)
        return stream[draw._replace(index=index)]

    def get_data_info(self, index: int) -> dict:
        """Return what the list of either stream says of a sample.

        Raises:
            IndexError: no such sample.
        """
        stream, index = self._locate(index)
        return stream.get_data_info(index)

    def _locate(self, index: int) -> tuple[Dataset, int]:
        """Return the stream of a sample and its number there."""
        size = len(self)
        if not -size <= index < size:
            raise IndexError(f'Expected an index below {size}, but got {index!r}.')
        index %= size
        offset = index - len(self.labeled)
        return (self.labeled, index) if offset < 0 else (self.unlabeled, offset)


def _build(dataset: dict | Dataset, source: str) -> Dataset:
    is_config = isinstance(dataset, dict)
    built = DATASETS.build({'source': source, **dataset}) if is_config else dataset
    found = getattr(built, 'source', source)
    if found != source:
        raise ConfigError(
            f"Expected the `{source}` data set to have source='{source}', but got {found!r}. "
            'Leave `source` out of its config.'
        )
    if isinstance(built, SEVERAL):
        raise ConfigError(
            f'The {source} data set is a {type(built).__name__}, which numbers the clips of each '
            'of its parts on their own. Put them into one list.'
        )
    if hasattr(built, 'full_init'):
        built.full_init()
    if len(built) == 0:
        raise DataError(
            f'The {source} data set is empty. Check its list '
            f'({getattr(built, "ann_file", type(built).__name__)}).'
        )
    return built


def _check_classes(labeled: tuple[str, ...], unlabeled: tuple[str, ...]) -> None:
    labeled, unlabeled = tuple(labeled), tuple(unlabeled)
    if labeled == unlabeled:
        return
    pairs = enumerate(zip(labeled, unlabeled, strict=False))
    detail = next(
        (f'class {i} is {a!r} and {b!r}' for i, (a, b) in pairs if a != b),
        f'there are {len(labeled)} and {len(unlabeled)}',
    )
    raise DataError(
        f'The labeled and the unlabeled data set have different class names: {detail}. Use one '
        '`classes_file` for both.'
    )
