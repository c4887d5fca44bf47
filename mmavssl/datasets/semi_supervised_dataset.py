"""Labeled clips and the unlabeled pool as one data set."""

from torch.utils.data import Dataset

from mmavssl.registry import DATASETS
from mmavssl.structures import DrawIndex
from mmavssl.utils.errors import DataError


@DATASETS.register_module()
class SemiSupervisedDataset(Dataset):
    """Labeled clips first, then unlabeled ones; `TwoStreamSampler` draws from both.

    ``sample_idx`` counts within each stream, so an unlabeled clip keeps its number in [0, U)
    whatever the number of labeled clips; thresholds that remember clips need this.

    Args:
        labeled: config of the labeled data set.
        unlabeled: config of the unlabeled one.

    Raises:
        DataError: their class names differ.
    """

    def __init__(self, labeled: dict | Dataset, unlabeled: dict | Dataset) -> None:
        self.labeled = DATASETS.build(_with_source(labeled, 'labeled'))
        self.unlabeled = DATASETS.build(_with_source(unlabeled, 'unlabeled'))
        names = [dataset.metainfo['classes'] for dataset in (self.labeled, self.unlabeled)]
        if names[0] != names[1]:
            raise DataError(
                'The labeled and the unlabeled data set have different class names: '
                f'{len(names[0])} and {len(names[1])}. Use one `classes_file` for both.'
            )

    @property
    def metainfo(self) -> dict:
        """Metainfo of the labeled data set (class names)."""
        return self.labeled.metainfo

    def full_init(self) -> None:
        """Load both lists."""
        self.labeled.full_init()
        self.unlabeled.full_init()

    def __len__(self) -> int:
        return len(self.labeled) + len(self.unlabeled)

    def __getitem__(self, draw: int | DrawIndex) -> dict:
        """Return one draw of a sample of either stream."""
        draw = draw if isinstance(draw, DrawIndex) else DrawIndex(int(draw))
        offset = draw.index - len(self.labeled)
        if offset < 0:
            return self.labeled[draw]
        return self.unlabeled[draw._replace(index=offset)]


def _with_source(dataset: dict | Dataset, source: str) -> dict | Dataset:
    return {'source': source, **dataset} if isinstance(dataset, dict) else dataset
