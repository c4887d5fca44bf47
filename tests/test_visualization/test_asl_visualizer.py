import numpy as np
from PIL import Image

from mmavssl.registry import VISUALIZERS
from mmavssl.visualization import ASLVisualizer, ClipPanel, draw_mask_figure


def make_clips():
    frames = np.random.RandomState(0).randint(0, 256, (2, 16, 16, 3), np.uint8)
    return [ClipPanel(frames, title='a', heatmap=np.random.RandomState(1).rand(2, 4, 4))]


def test_hands_the_picture_to_its_backends(tmp_path):
    visualizer = VISUALIZERS.build(
        dict(
            type='ASLVisualizer',
            name='test_asl_visualizer',
            vis_backends=[dict(type='LocalVisBackend')],
            save_dir=str(tmp_path),
        )
    )
    picture = visualizer.add_clips('masks', make_clips(), step=7)
    assert np.array_equal(picture, draw_mask_figure(make_clips()))
    (file,) = tmp_path.rglob('masks_7.png')
    assert np.array_equal(np.array(Image.open(file)), picture)


def test_saves_without_backends(tmp_path):
    picture = ASLVisualizer.save_clips(tmp_path / 'new' / 'masks.png', make_clips())
    assert np.array_equal(np.array(Image.open(tmp_path / 'new' / 'masks.png')), picture)
