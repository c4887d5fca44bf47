import math

import pytest
import torch

from mmavssl.models.maskers.map_weights import (
    DegenerateMapLog,
    average_adjacent,
    min_max_per_frame,
    not_finite,
    resize_maps,
)


def bilinear(image, height, width):
    """Resize a list of rows, half-pixel centres, edges repeated."""

    def at(y, x):
        return image[min(max(y, 0), len(image) - 1)][min(max(x, 0), len(image[0]) - 1)]

    out = []
    for row in range(height):
        y = (row + 0.5) * len(image) / height - 0.5
        out.append([])
        for column in range(width):
            x = (column + 0.5) * len(image[0]) / width - 0.5
            y0, x0 = math.floor(y), math.floor(x)
            dy, dx = y - y0, x - x0
            out[-1].append(
                (1 - dy) * ((1 - dx) * at(y0, x0) + dx * at(y0, x0 + 1))
                + dy * ((1 - dx) * at(y0 + 1, x0) + dx * at(y0 + 1, x0 + 1))
            )
    return torch.tensor(out)


@pytest.mark.parametrize('size', [(14, 14), (7, 9), (8, 7)])
def test_resize_equals_bilinear_in_loops(size):
    maps = torch.rand(2, 3, 7, 7, generator=torch.Generator().manual_seed(0))
    resized = resize_maps(maps, size, 'bilinear')
    assert resized.shape == (2, 3, *size)
    torch.testing.assert_close(resized[1, 2], bilinear(maps[1, 2].tolist(), *size))


def test_same_size_is_untouched():
    maps = torch.rand(1, 2, 4, 4)
    assert resize_maps(maps, (4, 4), 'bicubic') is maps


def test_finer_map_keeps_a_source_between_sampling_points():
    maps = torch.zeros(1, 1, 64, 64)
    maps[..., 20, 21] = 1
    assert resize_maps(maps, (4, 4), 'bilinear').flatten().argmax() == 5


def test_average_adjacent_frames():
    maps = torch.arange(6.0).view(1, 6, 1, 1)
    assert average_adjacent(maps, 1).flatten().tolist() == [0, 1, 2, 3, 4, 5]
    assert average_adjacent(maps, 2).flatten().tolist() == [0.5, 2.5, 4.5]
    assert average_adjacent(maps, 6).flatten().tolist() == [2.5]
    with pytest.raises(ValueError, match='to divide the 6 frames of a clip, but got 4'):
        average_adjacent(maps, 4)


def test_min_max_is_per_frame_and_affine_invariant():
    maps = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    scaled, degenerate = min_max_per_frame(maps)
    assert not degenerate.any()
    for frame, expected in zip(scaled.flatten(0, 1), maps.flatten(0, 1), strict=True):
        low, high = float(expected.min()), float(expected.max())
        torch.testing.assert_close(frame, (expected - low) / (high - low))
    shift = torch.tensor([-3.0, 0.0, 40.0])[None, :, None, None]
    scale = torch.tensor([0.03, 7.0, 100.0])[None, :, None, None]
    torch.testing.assert_close(min_max_per_frame(maps * scale + shift)[0], scaled)


def test_useless_frames_become_uniform_and_leave_others_alone():
    maps = torch.randn(1, 6, 3, 3, generator=torch.Generator().manual_seed(0))
    good = min_max_per_frame(maps)[0][0, 0]
    maps[0, 1] = 0
    maps[0, 2] = 0.1
    maps[0, 3, 1, 1] = float('nan')
    maps[0, 4, 0, 0] = float('inf')
    maps[0, 5, 0, 0] = -float('inf')
    scaled, degenerate = min_max_per_frame(maps)
    assert degenerate.tolist() == [[False, True, True, True, True, True]]
    assert (scaled[0, 1:] == 1).all()
    assert torch.equal(scaled[0, 0], good)


def test_constant_map_is_recognized_after_interpolation():
    maps = torch.full((1, 1, 7, 7), 1 / 3)
    for interpolation in ('bilinear', 'bicubic'):
        resized = resize_maps(maps, (14, 13), interpolation)
        assert min_max_per_frame(resized)[1].all()


def test_log_counts_and_speaks_when_the_number_doubled(monkeypatch):
    messages = []
    monkeypatch.setattr(
        'mmavssl.models.maskers.map_weights.print_log',
        lambda message, **_: messages.append(message),
    )
    log = DegenerateMapLog()
    for bad, broken in ((0, 0), (1, 0), (0, 0), (0, 0), (1, 1), (1, 0), (1, 1), (1, 1), (0, 0)):
        log(torch.tensor([[bool(bad), False]]), torch.tensor([[bool(broken), False]]))
    assert [message.split(' localization')[0] for message in messages] == [
        '1 of 4', '2 of 10', '4 of 14',
    ]  # fmt: skip
    assert [message.split('uniformly: ')[1].split(', or')[0] for message in messages] == [
        '0 not finite (NaN or infinite), 1 constant',
        '1 not finite (NaN or infinite), 1 constant',
        '2 not finite (NaN or infinite), 2 constant',
    ]
    assert not log.state_dict()


def test_conclusion_where_every_map_told_nothing():
    log = DegenerateMapLog()
    assert log.conclusion() == ''
    log(torch.tensor([[True, True]]), torch.tensor([[True, False]]))
    log(torch.tensor([[True, True]]), torch.tensor([[True, True]]))
    assert log.conclusion() == (
        'None of the 4 localization maps since this run was last started told anything, and all '
        'tokens were drawn uniformly, as if there were no localizer: 3 not finite (NaN or '
        'infinite), 1 constant, or of frames of one colour or clips without sound.'
    )
    log(torch.tensor([[True, False]]), torch.tensor([[False, False]]))
    assert log.conclusion() == ''


@pytest.mark.parametrize('value', [float('nan'), float('inf'), -float('inf')])
def test_maps_that_are_not_finite(value):
    maps = torch.zeros(2, 3, 4, 4)
    maps[0, 1, 3, 2] = value
    maps[1, 2, 0] = value
    maps[1, 2, 1] = -value
    expected = [[False, True, False], [False, False, True]]
    assert not_finite(maps).tolist() == expected
