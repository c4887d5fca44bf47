"""From an input to the tensors that a model takes, as testing makes them."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from mmengine.logging import print_log
from torch.utils.data import DataLoader, Dataset

from mmavssl.apis.fetched_files import FetchedFiles
from mmavssl.apis.inference_inputs import ClipInput, OpenInput, open_input
from mmavssl.datasets.readers.storage import fetch
from mmavssl.datasets.worker_init import av_worker_init_fn
from mmavssl.registry import TRANSFORMS
from mmavssl.utils.errors import ConfigError, DataError
from mmavssl.utils.random import isolated_rng

AUDIO = ('error', 'silence')


class Failure(NamedTuple):
    """An input that cannot be used.

    Attributes:
        sample_idx: number of the input.
        path: of it.
        reason: why.
    """

    sample_idx: int
    path: str
    reason: str


class InferencePipeline:
    """The transforms of a test pipeline, for one input at a time.

    Args:
        steps: of the pipeline; the first one opens the files.
        audio: what to do about a video without sound, where the model hears: ``error``, or
            ``silence``; None: as the pipeline does.

    Raises:
        ConfigError: unknown ``audio``.
    """

    def __init__(self, steps: Sequence[Mapping[str, Any]], audio: str | None = None) -> None:
        if audio not in (None, *AUDIO):
            raise ConfigError(f'Expected `audio` to be one of {AUDIO}, but got {audio!r}.')
        opening = {key: value for key, value in steps[0].items() if key != 'type'}
        opening['cache'] = 0  # each file is opened once
        policy = opening.get('audio', 'error')
        if policy is not None:
            policy = 'silence' if 'silence' in (audio, audio or policy) else 'skip'
        self.opener = OpenInput(**{**opening, 'audio': policy})
        # What draws videos wants the sound of all of them, as far as they have one.
        self.opener_for_playing = OpenInput(**{**opening, 'audio': 'silence'})
        self.transforms = [TRANSFORMS.build(dict(step)) for step in steps[1:]]

    @property
    def needs_sound(self) -> bool:
        """Whether a video without sound is refused."""
        return self.opener.audio == 'skip'

    @contextmanager
    def fetched_once(
        self, clips: Sequence[ClipInput], is_played: bool = False
    ) -> Iterator[FetchedFiles]:
        """Fetch no file of a storage twice, as far as `FetchedFiles` keeps it.

        Args:
            clips: all inputs; whoever has done with one tells it to `FetchedFiles.release`.
            is_played: whether each is opened once more, after it is predicted.
        """
        needed = (place for clip in clips for place in clip.files)
        with TemporaryDirectory(prefix='mmavssl_', ignore_cleanup_errors=True) as folder:
            files = FetchedFiles(folder, needed, 2 if is_played else 1)
            self.opener.fetch = self.opener_for_playing.fetch = files.get
            try:
                yield files
            finally:
                self.opener.fetch = self.opener_for_playing.fetch = fetch

    def __call__(self, clip: ClipInput, index: int = 0) -> dict:
        """Return ``inputs`` and ``data_samples`` of one input, these with its `ClipInput.part`.

        Random numbers are those of the first draw of that clip by `AVDataset`.

        Args:
            clip: file or arrays.
            index: its number.

        Raises:
            DataError: it cannot be used, or has no sound for a model that hears.
        """
        with isolated_rng(0, 0, 0, 'test', index):
            results = open_input(self.opener, clip, index)
            if results is None:
                raise DataError(
                    f'{clip.path} has no sound, which this model needs. Take another file, or '
                    "let silence stand in for it: audio='silence' (--audio silence)."
                )
            for transform in self.transforms:
                results = transform(results)
                if results is None:
                    raise DataError(f'{clip.path} is skipped by {type(transform).__name__}.')
        results['data_samples'].set_metainfo(clip.part)
        return results


Batch = tuple[dict | None, list[Failure]]


class InferenceDataset(Dataset):
    """All inputs through the pipeline, each a sample or a `Failure`.

    Args:
        clips: the inputs.
        pipeline: that they go through.
    """

    def __init__(self, clips: Sequence[ClipInput], pipeline: InferencePipeline) -> None:
        self.clips, self.pipeline = clips, pipeline

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, index: int) -> dict | Failure:
        """Return one of them."""
        clip = self.clips[index]
        try:
            return self.pipeline(clip, index)
        except DataError as error:
            return Failure(index, clip.path, str(error))


class BatchOfInputs:
    """Puts samples together into a batch, None if there is none, and failures into a list.

    Args:
        collate: what makes a batch of samples.
    """

    def __init__(self, collate: Callable[[list[dict]], dict]) -> None:
        self.collate = collate

    def __call__(self, items: Sequence[dict | Failure]) -> Batch:
        """Return both."""
        samples = [item for item in items if not isinstance(item, Failure)]
        failures = [item for item in items if isinstance(item, Failure)]
        return self.collate(samples) if samples else None, failures


def load_batches(
    clips: Sequence[ClipInput],
    pipeline: InferencePipeline,
    collate: Callable[[Sequence], Batch],
    batch_size: int = 1,
    num_workers: int = 0,
) -> Iterator[Batch]:
    """Yield all inputs in batches.

    Args:
        clips: the inputs.
        pipeline: that they go through.
        collate: a `BatchOfInputs`.
        batch_size: inputs at a time.
        num_workers: processes that load them; 0: this one.
    """
    yield from DataLoader(
        InferenceDataset(clips, pipeline),
        batch_size=batch_size,
        num_workers=num_workers,
        collate_fn=collate,
        worker_init_fn=av_worker_init_fn,
    )


class LeftOut:
    """Tells of inputs that cannot be used, in the log, and counts them.

    Args:
        clips: all inputs.
    """

    def __init__(self, clips: Sequence[ClipInput]) -> None:
        self.clips = clips
        self.count = 0

    def tell(self, preds: Sequence[Any]) -> None:
        """Look for failures in what became of some inputs.

        Raises:
            DataError: the only input, which was named, cannot be used.
        """
        for failure in preds:
            if not isinstance(failure, Failure):
                continue
            if len(self.clips) == 1 and self.clips[0].is_named:
                raise DataError(failure.reason)
            self.count += 1
            print_log(
                f'{failure.reason} It is left out ({self.count} of {len(self.clips)} so far).',
                logger='current',
                level=logging.WARNING,
            )
