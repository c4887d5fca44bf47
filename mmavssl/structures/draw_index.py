"""Index of one draw of a sample."""

from typing import NamedTuple


class DrawIndex(NamedTuple):
    """What our samplers yield: a sample, and which draw of it this is.

    A clip is drawn many times, also within one (virtual) epoch where labels are few, and each draw
    must be augmented anew. With the draw number in the index, every random number of a sample
    follows from ``(seed, epoch, repeat, source, sample_idx)``, whatever the number of workers, and
    with persistent workers as well.
    """

    index: int
    epoch: int = 0
    repeat: int = 0
