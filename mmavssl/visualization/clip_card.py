"""What is known and drawn of clips on a contact sheet or a page."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np


@dataclass
class ClipView:
    """One view of a clip, as the model gets it.

    Args:
        frames: uint8 (T, H, W, 3), RGB.
        note: when it is and what was done to it, in few words.
        logmel: (T_a, F), normalized; None for video alone.
        waveform: (S,) in [-1, 1], the window of sound that the log-mel was made of, or None.
        moments: (T,) seconds from the beginning of that window to each frame, or None.
        facts: what else is known of it.
    """

    frames: np.ndarray
    note: str = ''
    logmel: np.ndarray | None = None
    waveform: np.ndarray | None = None
    moments: np.ndarray | None = None
    facts: dict[str, str] = field(default_factory=dict)


@dataclass
class ClipMix:
    """What a mixer made of one view of a clip and the same view of its partner.

    Args:
        view: name of that view.
        partner: place of the partner's card on the sheet.
        ratio: share of this clip, λ.
        frames: uint8 (T, H, W, 3), the mixed clip.
        logmel: (T_a, F), its sound, or None.
        mask: bool (T, h * w), True = token of this clip; None where no tokens are mixed.
        heatmap: (T, h, w) in [0, 1], the localizer's map that guided the mask, or None.
    """

    view: str
    partner: int
    ratio: float
    frames: np.ndarray
    logmel: np.ndarray | None = None
    mask: np.ndarray | None = None
    heatmap: np.ndarray | None = None

    def __post_init__(self) -> None:
        for name in ('mask', 'heatmap'):
            array = getattr(self, name)
            if array is not None and len(array) != len(self.frames):
                raise ValueError(
                    f'Expected `{name}` to have the {len(self.frames)} frames of the clip, but '
                    f'got {len(array)}.'
                )


@dataclass
class ClipCard:
    """One clip.

    Args:
        number: of the clip in its list, for the reader.
        name: of its file.
        label: its class, in words.
        views: by name, at least one.
        mix: what became of it, or None.
        facts: what is known of it, in words.
    """

    number: int
    name: str
    label: str
    views: dict[str, ClipView]
    mix: ClipMix | None = None
    facts: dict[str, str] = field(default_factory=dict)


@dataclass
class ClipSheet:
    """Clips that are shown together.

    Args:
        title: in few words.
        cards: the clips.
        warnings: where the sheet shows something else than the model sees.
        remarks: what else a reader should know.

    Raises:
        ValueError: no clip.
    """

    title: str
    cards: list[ClipCard]
    warnings: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.cards:
            raise ValueError('Expected at least one clip to show, but got none.')

    @cached_property
    def logmel_range(self) -> tuple[float, float] | None:
        """The least and the greatest value of all log-mels; None without any."""
        views = [view for card in self.cards for view in card.views.values()]
        logmels = [view.logmel for view in views if view.logmel is not None]
        if not logmels:
            return None
        return min(float(x.min()) for x in logmels), max(float(x.max()) for x in logmels)
