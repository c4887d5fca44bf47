import pytest

from mmavssl.models.utils.audio_grid import AudioGrid, find_grid, possible_grids
from mmavssl.models.utils.fit import MisfitError
from mmavssl.structures.network_facts import UNKNOWN, NetworkFacts

OURS = AudioGrid(16, 8, 16)
LOW = AudioGrid(16, 4, 12, num_mel_bins=64)


@pytest.mark.parametrize(
    ('num_patches', 'grid'),
    [
        (512, (16, 8, 64)), (657, (14, 9, 73)), (850, (12, 10, 85)), (1212, (10, 12, 101)),
        (600, (10, 12, 50)), (300, (10, 12, 25)), (128, (16, 8, 16)), (32, (16, 8, 4)),
    ],
)  # fmt: skip
def test_recipes(num_patches, grid):
    assert find_grid(num_patches) == AudioGrid(*grid)


@pytest.mark.parametrize(
    ('num_patches', 'own', 'facts', 'grids'),
    [
        (144, None, UNKNOWN, ['8x18 of stride 16', '12x12 of stride 10']),
        (144, None, NetworkFacts(stride=14), ['9x16 of stride 14']),
        (600, OURS, UNKNOWN, ['12x50 of stride 10', '8x75 of stride 16']),
        # the network's own number of patches, and a height of its own
        (60, AudioGrid(10, 12, 5), UNKNOWN, ['12x5 of stride 10']),
        (48, LOW, UNKNOWN, [
            '8x6 of stride 16', '12x4 of stride 10', '4x12 of stride 16 (64 mel bins)',
        ]),
        (48, LOW, NetworkFacts(num_mel_bins=64), ['4x12 of stride 16 (64 mel bins)']),
        # another height is likely only where no recipe is known
        (512, LOW, UNKNOWN, ['8x64 of stride 16']),
        (165, AudioGrid(8, 15, 20), UNKNOWN, ['15x11 of stride 8']),
    ],
)  # fmt: skip
def test_possible_grids(num_patches, own, facts, grids):
    assert [str(grid) for grid in possible_grids(num_patches, 16, facts, own)] == grids


def test_patches_of_another_side_have_no_recipes():
    assert find_grid(512, patch_size=8) == AudioGrid(8, 16, 32)


def test_what_is_not_possible():
    with pytest.raises(MisfitError) as info:
        find_grid(512, facts=NetworkFacts(stride=10))
    assert str(info.value) == (
        'it is an AST of 512 patches, which are no rows of patches at stride 10 over 128 mel '
        'bins. Say what it has: `init_cfg.source=dict(stride=..., num_mel_bins=...)`, or '
        '--source stride=... num_mel_bins=... of the tool'
    )
    for number in (0, -1, 5):
        with pytest.raises(MisfitError, match=f'it is an AST of {number} patches, which are no'):
            find_grid(number, own=OURS)


def test_heights_are_said_where_they_differ():
    with pytest.raises(MisfitError, match=r'dict\(stride=16, num_mel_bins=128\)`, or --'):
        find_grid(48, own=LOW)
