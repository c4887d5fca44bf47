"""Which clips a batch is made of, without loading them."""

from itertools import islice

from torch.utils.data import DataLoader, Dataset

from mmavssl.structures import DrawIndex


def draws_of_batch(loader: DataLoader, number: int) -> list[DrawIndex]:
    """Return the draws of a batch of the epoch that the loader's sampler is set to.

    Args:
        loader: whose batches follow from the sampler's seed and epoch, as with our samplers.
        number: of the batch in the epoch; there are no draws after the last one.
    """
    draws = next(islice(iter(loader.batch_sampler), number, None), [])
    return [draw if isinstance(draw, DrawIndex) else DrawIndex(int(draw)) for draw in draws]


def video_path_of(dataset: Dataset, draw: DrawIndex) -> str:
    """Return the file of a draw, or its number where the data set does not tell files."""
    info = dataset.get_data_info(draw.index) if hasattr(dataset, 'get_data_info') else {}
    return str(info.get('video_path', f'sample {draw.index}'))
