"""How the patches of an AST lie: their number leaves open which stride and height they had."""

from collections.abc import Iterable
from typing import NamedTuple

from mmavssl.models.utils.fit import MisfitError
from mmavssl.structures.audio_front_end import NUM_MEL_BINS
from mmavssl.structures.network_facts import UNKNOWN, NetworkFacts

PATCH_SIZE = 16
#: Of published ASTs, whose patches have 16 x 16 pixels of 128 mel bins.
STRIDES = (16, 14, 12, 10)
#: Frames and stride in the recipes of AST's code (AudioSet, ESC-50, SpeechCommands), and ours.
RECIPES = (
    (1024, 16), (1024, 14), (1024, 12), (1024, 10), (512, 10), (128, 10),
    (300, 16), (256, 16), (256, 10),
)  # fmt: skip


class AudioGrid(NamedTuple):
    """Rows (mel) and columns (time) of patches, and what they are cut from."""

    stride: int
    height: int
    width: int
    num_mel_bins: int = NUM_MEL_BINS

    def __str__(self) -> str:
        bins = '' if self.num_mel_bins == NUM_MEL_BINS else f' ({self.num_mel_bins} mel bins)'
        return f'{self.height}x{self.width} of stride {self.stride}{bins}'

    @property
    def num_patches(self) -> int:
        """Number of all patches."""
        return self.height * self.width

    def agrees_with(self, facts: NetworkFacts) -> bool:
        """Whether nothing that is known contradicts it."""
        return facts.stride in (None, self.stride) and (
            facts.num_mel_bins in (None, self.num_mel_bins)
        )


def find_grid(
    num_patches: int,
    patch_size: int = PATCH_SIZE,
    facts: NetworkFacts = UNKNOWN,
    own: AudioGrid | None = None,
) -> AudioGrid:
    """Return how the patches of an AST lie.

    Args:
        num_patches: how many it has.
        patch_size: their side.
        facts: what is known of it besides.
        own: of the network that it is to start, if there is one.

    Raises:
        MisfitError: it cannot start that network, or must be known better.
    """
    grids = possible_grids(num_patches, patch_size, facts, own)
    if not grids:
        strides = _choice([facts.stride] if facts.stride else STRIDES)
        raise MisfitError(
            f'it is an AST of {num_patches} patches, which are no rows of patches at stride '
            f'{strides} over {facts.num_mel_bins or NUM_MEL_BINS} mel bins. Say what it has: '
            f'{_saying("stride=..., num_mel_bins=...")}'
        )
    if own is not None and own.stride not in {grid.stride for grid in grids}:
        strides = _choice(dict.fromkeys(grid.stride for grid in grids))
        raise MisfitError(
            f'it is an AST of stride {strides} ({num_patches} patches), but the config has '
            f'stride={own.stride}. Set stride={strides}, or take a file of stride {own.stride}'
        )
    if len(grids) > 1:
        example = f'stride={grids[0].stride}'
        if any(grid.num_mel_bins != NUM_MEL_BINS for grid in grids):
            example += f', num_mel_bins={grids[0].num_mel_bins}'
        raise MisfitError(
            f'its {num_patches} patches may be {_choice(grids)}. Say which: '
            f'{_saying(example)}'
        )
    return grids[0]


def possible_grids(
    num_patches: int, patch_size: int, facts: NetworkFacts, own: AudioGrid | None
) -> list[AudioGrid]:
    """Return the grids that so many patches may be, the likely ones first.

    These are the grids of known recipes and, over as many mel bins as they have, that of the
    network itself; where there is none, rows of any published stride. Rows as the network has
    them are always possible, though with other mel bins than a recipe's only if none is known.
    """
    num_mel_bins = facts.num_mel_bins or NUM_MEL_BINS
    grids = _known_grids(num_patches) if patch_size == PATCH_SIZE else []
    is_own = own is not None and own.num_patches == num_patches
    if is_own and own.num_mel_bins == num_mel_bins:
        grids.append(own)
    grids = [grid for grid in grids if grid.agrees_with(facts)]
    is_known = bool(grids)
    if not is_known:
        published = STRIDES if patch_size == PATCH_SIZE else (patch_size,)
        for stride in [facts.stride] if facts.stride else published:
            height = (num_mel_bins - patch_size) // stride + 1
            grids += _rows(num_patches, stride, height, num_mel_bins)
    if own is not None and (is_own or not is_known or own.num_mel_bins == num_mel_bins):
        rows = _rows(num_patches, own.stride, own.height, own.num_mel_bins)
        grids += [grid for grid in rows if grid.agrees_with(facts)]
    return list(dict.fromkeys(grids))


def _known_grids(num_patches: int) -> list[AudioGrid]:
    """Return those of the recipes that have so many patches, the largest stride first."""
    grids = []
    for num_frames, stride in sorted(RECIPES, key=lambda recipe: -recipe[1]):
        height, width = ((size - PATCH_SIZE) // stride + 1 for size in (NUM_MEL_BINS, num_frames))
        if height * width == num_patches:
            grids.append(AudioGrid(stride, height, width))
    return grids


def _rows(num_patches: int, stride: int, height: int, num_mel_bins: int) -> list[AudioGrid]:
    """Return the grid of this height; none if the patches do not fill it."""
    if not 1 <= height <= num_patches or num_patches % height:
        return []
    return [AudioGrid(stride, height, num_patches // height, num_mel_bins)]


def _choice(options: Iterable[object]) -> str:
    return ' or '.join(map(str, options))


def _saying(facts: str) -> str:
    """Return how a user says what is known of a file."""
    options = facts.replace(',', '')
    return f'`init_cfg.source=dict({facts})`, or --source {options} of the tool'
