"""Draw clips as training does and follow them to the point where the networks begin."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from torch import Tensor
from torch.utils.data import Dataset

from mmavssl.apis.batches import Batches, Views
from mmavssl.apis.clip_words import clip_facts, describe_view, label_of
from mmavssl.apis.model_front import Mixed, ModelFront
from mmavssl.apis.sample_tap import DrawnClip, TappedDataset, open_dataset
from mmavssl.structures import DrawIndex
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.progress import progress_bar
from mmavssl.utils.random import isolated_rng
from mmavssl.visualization.clip_card import ClipCard, ClipMix, ClipSheet, ClipView


@dataclass
class ClipChoice:
    """Which clips are looked at, in which draw.

    Args:
        part: ``train``, ``val`` or ``test``.
        stream: ``labeled`` or ``unlabeled`` clips of the training part; None: the unlabeled ones
            where there are some.
        num_clips: how many, evenly from the list, where ``indices`` does not name them.
        indices: of clips in the list, or None.
        epoch: of the draw.
        repeat: of the draw, where an epoch draws clips many times.
    """

    part: str = 'train'
    stream: str | None = None
    num_clips: int = 8
    indices: list[int] | None = None
    epoch: int = 0
    repeat: int = 0

    def choose(self, size: int) -> list[int]:
        """Return the indices of the clips in a list of that size.

        Raises:
            ConfigError: no clip, or an index that the list does not have.
        """
        if self.indices is None:
            if self.num_clips < 1:
                raise ConfigError(f'--num-clips: expected at least 1, but got {self.num_clips}.')
            count = min(self.num_clips, size)
            return [number * size // count for number in range(count)]
        wrong = [index for index in self.indices if not 0 <= index < size]
        if wrong:
            raise ConfigError(
                f'--indices: expected numbers from 0 to {size - 1}, one for each clip of the '
                f'list, but got {wrong[0]}.'
            )
        return self.indices


def browse_clips(
    cfg: Config, choice: ClipChoice, title: str = '', progress: bool = False
) -> ClipSheet:
    """Return what the model gets of some clips.

    The clips are drawn as training draws them, collated and preprocessed. Where the model mixes
    them, each is mixed with the next one; training chooses partners at random.

    Args:
        cfg: the whole config, which was checked.
        choice: the clips.
        title: of the sheet.
        progress: show a bar.

    Raises:
        ConfigError: no such clips, or a component that does not fit.
        DataError: a clip that cannot be used.
    """
    dataset = open_dataset(cfg, choice.part, choice.stream)
    tapped = TappedDataset(dataset)
    draws = [DrawIndex(i, choice.epoch, choice.repeat) for i in choice.choose(len(dataset))]
    seed = (cfg.get('randomness') or {}).get('seed') or 0
    with isolated_rng(seed, 'browse', choice.epoch), torch.no_grad():
        front = ModelFront(cfg)
        batches = Batches(front, cfg[f'{choice.part}_dataloader'], choice.part == 'train')
        clips = []
        with progress_bar('Drawing', len(draws), shown=progress) as advance:
            for draw in draws:
                clips.append(tapped.draw(draw))
                advance()
        cards = [
            make_card(clip, views, front, dataset)
            for clip, views in zip(clips, batches.views(clips), strict=True)
        ]
        # Training mixes unlabeled clips alone.
        stream = batches.stream if batches.source == 'unlabeled' else {}
        mixed = front.mix(stream[front.mixed_view]) if front.mixed_view in stream else None
    if mixed:
        for place, card in enumerate(cards):
            card.mix = make_mix(mixed, place, front.mixed_view)
    return ClipSheet(title, cards, front.warnings, remarks(cfg, cards))


def make_card(clip: DrawnClip, views: Views, front: ModelFront, dataset: Dataset) -> ClipCard:
    """Return the card of a clip.

    Args:
        clip: the draw.
        views: its preprocessed views by name.
        front: what preprocessed them.
        dataset: which it is from.
    """
    sample = clip.sample['data_samples']
    label, about = label_of(sample, dataset.metainfo['classes'])
    card = ClipCard(
        number=sample.get('sample_idx', clip.draw.index),
        name=Path(str(sample.get('video_path', ''))).name,
        label=label,
        views={},
        facts={'label': about, **clip_facts(clip, getattr(dataset, 'seed', None))},
    )
    branches = clip.results.get('views')
    windows = len(clip.results.get('clip_times', [0]))
    for place, (name, tensors) in enumerate(views.items()):
        view = ClipView(front.pictures(tensors['video']).numpy(), logmel=_array(tensors, 'audio'))
        if branches:
            describe_view(view, branches[name], window=0, crop=0)
        else:
            crops = len(views) // windows
            describe_view(view, clip.results, window=place // crops, crop=place)
        card.views[view_title(name)] = view
    return card


def make_mix(mixed: Mixed, place: int, view: str) -> ClipMix:
    """Return what became of the clip at that place of the batch.

    Args:
        mixed: the batch.
        place: of the clip.
        view: name of what was mixed.
    """
    shown = {'logmel': mixed.audio, 'mask': mixed.mask, 'heatmap': mixed.heatmap}
    return ClipMix(
        view_title(view),
        int(mixed.partner[place]),
        float(mixed.ratio[place]),
        mixed.pictures[place].numpy(),
        **{name: None if x is None else x[place].numpy() for name, x in shown.items()},
    )


def remarks(cfg: Config, cards: list[ClipCard]) -> list[str]:
    """Return what a reader should know of all clips."""
    texts = []
    if any(view.logmel is not None for card in cards for view in card.views.values()):
        texts.append(
            'Waveforms are scaled to their peak, white lines in them are the moments of the '
            'frames. Log-mels have one scale of colours for all clips, low tones at the bottom.'
        )
    if cards[0].mix:
        texts.append(
            'Each clip is mixed with the next one here; in training the partner is drawn from the '
            'batch.'
        )
        warmup = cfg.model.get('warmup_epochs', 0)
        if warmup:
            texts.append(
                f'The first epochs, {warmup} of them, are warm-up: unlabeled clips come in after.'
            )
    return texts


def view_title(name: str) -> str:
    """Return the title of a view: training views are called by one word.

    >>> view_title('weak'), view_title('clip 1, crop 2')
    ('weak view', 'clip 1, crop 2')
    """
    return name if ' ' in name else f'{name} view'


def _array(tensors: dict[str, Tensor], name: str) -> np.ndarray | None:
    return tensors[name].numpy() if name in tensors else None
