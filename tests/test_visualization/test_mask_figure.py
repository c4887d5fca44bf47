import numpy as np
import pytest

from mmavssl.visualization.mask_figure import (
    GAP,
    LABEL_WIDTH,
    TITLE_HEIGHT,
    ClipPanel,
    darken_dropped,
    draw_mask_figure,
    overlay_heatmap,
    token_grid,
)


def make_clip(num_frames=3, side=32, **kwargs):
    frames = np.random.RandomState(0).randint(0, 256, (num_frames, side, side, 3), np.uint8)
    return ClipPanel(frames, **kwargs)


def test_rows_and_size():
    rng = np.random.RandomState(1)
    full = make_clip(
        title='dog barking',
        heatmap=rng.rand(3, 4, 4),
        masks={'ASL-guided': rng.rand(3, 16) < 0.5, 'tube': rng.rand(3, 16) < 0.5},
        mixed=make_clip().frames,
        boxes=np.tile([4, 4, 20, 16], (3, 1)),
    )
    picture = draw_mask_figure([full, make_clip()], cell=48)
    width = LABEL_WIDTH + 3 * (48 + GAP)
    assert picture.dtype == np.uint8
    assert picture.shape == (2 * TITLE_HEIGHT + (5 + 1) * (48 + GAP), width, 3)


def test_frames_are_where_they_belong():
    clip = make_clip(side=48, mixed=make_clip(side=48).frames[::-1].copy())
    picture = draw_mask_figure([clip], cell=48)
    for t in range(3):
        x = LABEL_WIDTH + GAP + t * (48 + GAP)
        for row, frames in enumerate((clip.frames, clip.mixed)):
            y = TITLE_HEIGHT + row * (48 + GAP)
            assert np.array_equal(picture[y : y + 48, x : x + 48], frames[t])


def test_clips_of_different_length():
    picture = draw_mask_figure([make_clip(2), make_clip(4)], cell=32)
    assert picture.shape[1] == LABEL_WIDTH + 4 * (32 + GAP)
    assert (picture[: TITLE_HEIGHT + 32, LABEL_WIDTH + 2 * (32 + GAP) :] == 255).all()


def test_dropped_tokens_are_dark_and_kept_ones_unchanged():
    frames = np.full((2, 32, 32, 3), 200, np.uint8)
    mask = np.random.RandomState(0).rand(2, 16) < 0.5
    shown = darken_dropped(frames, mask)
    for t in range(2):
        for token in range(16):
            y, x = 8 * (token // 4), 8 * (token % 4)
            block = shown[t, y : y + 8, x : x + 8]
            assert (block == (200 if mask[t, token] else 40)).all()


def test_high_is_red_and_low_is_blue():
    frames = np.zeros((1, 32, 32, 3), np.uint8)
    heatmap = np.array([[[-5.0, -5.0], [-5.0, 7.0]]])
    red, _, blue = overlay_heatmap(frames, heatmap)[0].transpose(2, 0, 1)
    assert red[31, 31] > 60 > blue[31, 31]
    assert blue[0, 0] > 60 > red[0, 0]
    assert overlay_heatmap(frames, np.ones((1, 2, 2))).shape == frames.shape  # constant map


def test_boxes_scale_with_the_frame():
    clip = ClipPanel(np.zeros((1, 32, 32, 3), np.uint8), boxes=np.array([[8, 8, 24, 16]]))
    picture = draw_mask_figure([clip], cell=64)
    frame = picture[TITLE_HEIGHT : TITLE_HEIGHT + 64, LABEL_WIDTH + GAP : LABEL_WIDTH + GAP + 64]
    rows, columns = np.where(frame[..., 1] > 200)
    assert (columns.min(), rows.min(), columns.max(), rows.max()) == (16, 16, 47, 31)


def test_grid_of_other_shapes():
    assert token_grid(196, 224, 224) == (14, 14)
    assert token_grid(24, 32, 48) == (4, 6)
    with pytest.raises(ValueError, match='got 15 tokens'):
        token_grid(15, 64, 64)


def test_wrong_arguments():
    with pytest.raises(ValueError, match='`tube` to have the 3 frames of the clip, but got 2'):
        make_clip(masks={'tube': np.ones((2, 16), bool)})
    with pytest.raises(ValueError, match='at least one clip'):
        draw_mask_figure([])
