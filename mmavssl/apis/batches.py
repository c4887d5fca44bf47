"""From drawn clips to what the model gets of each."""

from collections.abc import Iterator, Mapping, Sequence

from mmengine.config import ConfigDict
from torch import Tensor

from mmavssl.apis.model_front import ModelFront
from mmavssl.apis.sample_tap import DrawnClip
from mmavssl.datasets.build_collate import build_collate

Views = dict[str, dict[str, Tensor]]


class Batches:
    """Collates and preprocesses clips as a data loader and the model do.

    Args:
        front: of the model.
        loader: config of the data loader.
        training: whether all clips are one training batch; in testing each is its own.
    """

    def __init__(self, front: ModelFront, loader: ConfigDict, training: bool) -> None:
        self.front = front
        self.training = training
        self.collate = build_collate(loader)
        #: Of the training batch: ``labeled`` or ``unlabeled``, or another name of the data set.
        self.source: str | None = None
        #: Views of the training batch by name, (B, ...).
        self.stream: Views = {}

    def views(self, clips: Sequence[DrawnClip]) -> Iterator[Views]:
        """Yield the views of each clip by name, each with ``video`` (C, T, H, W) and its sound."""
        if not self.training:
            for clip in clips:
                yield test_views(self._prepare([clip]), clip)
            return
        inputs = self._prepare(clips)
        self.source = clips[0].sample['data_samples'].source
        self.stream = inputs[self.source]
        for place in range(len(clips)):
            yield {name: _pick(view, place) for name, view in self.stream.items()}

    def _prepare(self, clips: Sequence[DrawnClip]) -> dict:
        batch = self.collate([clip.sample for clip in clips])
        return self.front.preprocessor(batch, self.training)['inputs']


def test_views(inputs: Mapping[str, Tensor], clip: DrawnClip) -> Views:
    """Return the views (V, ...) of the only clip of a batch, named by their time and crop."""
    views = {name: tensor[0] for name, tensor in inputs.items()}
    count = len(views['video'])
    windows = len(clip.sample['data_samples'].get('clip_times', [0] * count))
    crops = count // windows
    return {
        f'clip {place // crops + 1}, crop {place % crops + 1}': _pick(views, place)
        for place in range(count)
    }


def _pick(view: Mapping[str, Tensor], place: int) -> dict[str, Tensor]:
    return {name: tensor[place] for name, tensor in view.items()}
