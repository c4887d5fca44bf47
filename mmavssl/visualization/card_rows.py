"""The rows of pictures in which a clip is shown."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mmavssl.visualization.clip_card import ClipCard, ClipMix, ClipSheet
from mmavssl.visualization.mask_figure import overlay_heatmap, scale_to
from mmavssl.visualization.token_tint import tint_tokens


@dataclass
class CardRow:
    """One row: frames, and the sound that belongs to them.

    Args:
        name: what it shows.
        note: about it, in few words.
        frames: uint8 (T, H, W, 3).
        logmel: (T_a, F), or None.
        waveform: (S,), or None.
        moments: (T,) seconds from the beginning of the waveform to each frame, or None.
        overlay: what is drawn over frames of any size, or None.
        share: of this clip, where it is mixed with another, or None.
    """

    name: str
    note: str
    frames: np.ndarray
    logmel: np.ndarray | None = None
    waveform: np.ndarray | None = None
    moments: np.ndarray | None = None
    overlay: Callable[[np.ndarray], np.ndarray] | None = None
    share: float | None = None

    def draw(self, height: int | None = None) -> np.ndarray:
        """Return the frames (T, height, W', 3) with what is drawn over them; None: as they are."""
        frames = self.frames
        if height not in (None, frames.shape[1]):
            frames = np.stack([scale_to(frame, height) for frame in frames])
        return self.overlay(frames) if self.overlay else frames


def card_rows(card: ClipCard, sheet: ClipSheet) -> list[CardRow]:
    """Return the rows of a clip: its views, then how it was mixed.

    Args:
        card: the clip.
        sheet: which has its partner as well.
    """
    rows = [
        CardRow(name, view.note, view.frames, view.logmel, view.waveform, view.moments)
        for name, view in card.views.items()
    ]
    return rows + (mix_rows(card, card.mix, sheet.cards[card.mix.partner]) if card.mix else [])


def mix_rows(card: ClipCard, mix: ClipMix, partner: ClipCard) -> list[CardRow]:
    """Return the rows that tell how a clip was mixed with its partner."""
    other = partner.views[mix.view]
    own = card.views[mix.view].frames
    rows = []
    if mix.heatmap is not None:
        rows.append(
            CardRow(
                'sound source', "localizer's map, red is high", own,
                overlay=lambda frames: overlay_heatmap(frames, mix.heatmap),
            )
        )  # fmt: skip
    note = 'itself' if partner is card else f'#{partner.number} {partner.name}'
    rows += [
        CardRow('partner', note, other.frames, other.logmel, other.waveform, other.moments),
        CardRow('mixed clip', f'λ = {mix.ratio:.3f}', mix.frames, mix.logmel, share=mix.ratio),
    ]
    if mix.mask is not None:
        rows.append(
            CardRow(
                'mask', f'blue: this clip, orange: #{partner.number}', mix.frames,
                overlay=lambda frames: tint_tokens(frames, mix.mask),
            )
        )  # fmt: skip
    return rows
