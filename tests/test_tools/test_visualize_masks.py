"""The picture of maps and masks, made by the tool on real files."""

import importlib.util
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import mmavssl.models  # noqa: F401  (fills the registries)
from mmavssl.apis.model_front import LOCALIZER_KEY
from mmavssl.datasets.readers.audio_file import AudioFile
from mmavssl.datasets.readers.video_file import VideoFile
from mmavssl.registry import LOCALIZERS
from mmavssl.utils.configs import load_config
from mmavssl.visualization.mask_figure import GAP, LABEL_WIDTH, TITLE_HEIGHT

ROOT = Path(__file__).parents[2]
CONFIG = str(ROOT / 'configs/asl_mix/avsprites_1shot.py')


@pytest.fixture(scope='module')
def tool():
    path = ROOT / 'tools/analysis/visualize_masks.py'
    spec = importlib.util.spec_from_file_location('visualize_masks', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
    """Weights of the config's localizer, which it has to name."""
    torch.manual_seed(0)
    localizer = LOCALIZERS.build(load_config(CONFIG).model.mixer.masker.localizer)
    path = tmp_path_factory.mktemp('localizer') / 'epoch_6.pth'
    torch.save({'state_dict': localizer.state_dict()}, path)
    return path


@pytest.fixture
def options(avsprites_root, weights):
    return [
        '--cfg-options', f'{LOCALIZER_KEY}.init_cfg.checkpoint={weights}',
        f'test_dataloader.dataset.data_root={avsprites_root}',
    ]  # fmt: skip


def test_clips_of_the_test_list(tool, options, tmp_path):
    out = tmp_path / 'new/masks.png'
    assert tool.main([CONFIG, '--num-clips', '2', '--out', str(out), *options]) == 0
    picture = np.asarray(Image.open(out))
    one = tmp_path / 'one.png'
    video = next((Path(options[2].partition('=')[2]) / 'videos/test').glob('*.mp4'))
    assert tool.main([CONFIG, str(video), '--out', str(one), *options]) == 0
    assert picture.shape[0] == 2 * np.asarray(Image.open(one)).shape[0]
    assert picture.std() > 20


def videos(options, count=1):
    folder = Path(options[2].partition('=')[2]) / 'videos/test'
    return [str(path) for path in sorted(folder.glob('*.mp4'))[:count]]


@pytest.fixture
def drawn(tool, monkeypatch):
    """Return what draws and returns the panels, which go to no file."""

    def run(*args):
        panels = []
        monkeypatch.setattr(tool, 'save', lambda out, drawn, clips: panels.extend(drawn))
        assert tool.main([CONFIG, *args]) == 0
        return panels

    return run


def first_of_the_list(options):
    root = Path(options[2].partition('=')[2])
    return root / (root / 'manifest_test.csv').read_text().splitlines()[1].split(',')[0]


def changed_outside_of_the_mask(panel):
    """Whether each token of the mixed clip differs from the clip's own, where it is dropped."""
    mixed, frames = (
        clip.reshape(4, 8, 8, 8, 8, 3) for clip in (panel.mixed.astype(int), panel.frames)
    )  # T, rows, pixels, columns, pixels, colours
    change = np.abs(mixed - frames).max(axis=(2, 4, 5)).reshape(4, 64)
    kept = panel.masks['guided mask']
    assert change[kept].max() <= 1  # rounding
    return change[~kept] > 1


def test_mixed_with_another_clip(drawn, options, tmp_path):
    """One video has a partner from the test list; a copy of it is none."""
    [path] = videos(options)
    copy = shutil.copy(first_of_the_list(options), tmp_path / 'copy.mp4')
    for files in ([path], [path, path], [str(copy)]):
        panels = drawn(*files, *options)
        assert len(panels) == len(files)
        for panel in panels:
            assert changed_outside_of_the_mask(panel).mean() > 0.9
    several = drawn(*videos(options, 3), *options)
    assert all(changed_outside_of_the_mask(panel).mean() > 0.9 for panel in several)
    [one] = drawn('--num-clips', '1', *options)
    assert changed_outside_of_the_mask(one).mean() > 0.9


def test_no_other_clip_to_mix_with(drawn, options, tmp_path, capsys):
    [path] = videos(options)
    elsewhere = f'test_dataloader.dataset.data_root={tmp_path}'
    [panel] = drawn(path, *options[:2], elsewhere)
    assert panel.mixed is None
    assert panel.masks['guided mask'].shape == (4, 64)
    said = capsys.readouterr().err
    assert said.startswith(f'visualize_masks: no other clip to mix {path} with, so ')
    assert said.count('\n') == 1


def test_silent_video_that_is_skipped(tool, options, tmp_path, remove_sound, capsys):
    path = tmp_path / 'mute.mp4'
    shutil.copy(videos(options)[0], path)
    remove_sound(path)
    skip = 'test_dataloader.dataset.pipeline.0.audio=skip'
    args = [CONFIG, str(path), '--out', str(tmp_path / 'x.png'), *options, skip]
    assert tool.main(args) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"visualize_masks: {path} has no sound, and OpenAVFile(audio='skip') ")
    assert said.count('\n') == 1


def test_video_plays_the_clips_with_their_sound(tool, options, tmp_path):
    """Two clips of 4 frames in 2 s, each with the sound of just those 2 s of its file."""
    out = tmp_path / 'new/masks.mp4'
    files = videos(options, 2)
    assert tool.main([CONFIG, *files, '--out', str(out), *options]) == 0
    written = VideoFile(str(out))
    assert written.num_frames == 2 * 4
    np.testing.assert_allclose(written.clock.times, np.arange(8) / 2, atol=1e-4)
    assert written.clock.duration == pytest.approx(4, abs=1e-3)
    sound = AudioFile(str(out))
    for place, path in enumerate(files):
        original = VideoFile(path)
        begin = (original.clock.duration - 2) / 2  # the clip is in the middle
        heard = sound.window(2 * place, 2)
        own = AudioFile(path).window(original.clock.start_time + begin, 2)
        margin = round(0.035 * 16000)  # the model's window of 1.93 s is shorter than the clip
        assert np.abs(heard[margin:-margin]).max() > 0.05
        error = heard[margin:-margin] - own[margin:-margin]
        assert (error**2).mean() < 0.05 * (own**2).mean()  # aligned to the sample
        assert np.abs(heard[: margin - 200]).max() < 0.01


def test_video_shows_what_the_picture_shows(tool, options, tmp_path):
    """The columns of a frame in the video are the rows of that frame in the picture."""
    [path] = videos(options)
    for name in ('masks.png', 'masks.mp4'):
        assert tool.main([CONFIG, path, '--out', str(tmp_path / name), *options]) == 0
    picture = np.asarray(Image.open(tmp_path / 'masks.png')).astype(int)
    shown = VideoFile(str(tmp_path / 'masks.mp4')).frames(np.arange(4))
    for time in range(4):
        for kind in range(5):
            x, y = LABEL_WIDTH + GAP + time * (96 + GAP), TITLE_HEIGHT + kind * (96 + GAP)
            left = kind * (224 + GAP)
            column = shown[time, 2 * TITLE_HEIGHT :][:224, left : left + 224]
            column = np.asarray(Image.fromarray(column).resize((96, 96), Image.Resampling.BOX))
            assert np.abs(picture[y : y + 96, x : x + 96] - column).mean() < 8, (time, kind)


def test_video_of_a_model_without_sound(tool, avsprites_root, tmp_path):
    config = str(ROOT / 'configs/svformer/avsprites_1shot.py')
    root = f'test_dataloader.dataset.data_root={avsprites_root}'
    out = tmp_path / 'masks.mp4'
    args = ['--num-clips', '1', '--out', str(out), '--cfg-options', root]
    assert tool.main([config, *args]) == 0
    assert VideoFile(str(out)).num_frames == 4
    assert not AudioFile(str(out)).has_audio


def test_out_that_cannot_be_written(tool, options, capsys):
    [path] = videos(options)
    before = Path(path).read_bytes()
    for out, message in (
        (path, f'--out {path} is one of the videos to draw. Name another file.'),
        (
            'a.avi',
            '--out a.avi: expected a file name that ends with one of .png, .jpg, .jpeg, .mp4.',
        ),
    ):
        assert tool.main([CONFIG, path, '--out', out, *options]) == 2
        assert capsys.readouterr().err == f'visualize_masks: {message}\n'
    assert Path(path).read_bytes() == before


def test_sound_that_the_pipeline_does_not_give(tool, options, tmp_path, capsys):
    spectrogram = 'model.mixer.masker.localizer.audio_input=spectrogram'
    assert tool.main([CONFIG, '--out', str(tmp_path / 'x.png'), *options, spectrogram]) == 2
    captured = capsys.readouterr().err
    assert captured.startswith("visualize_masks: The localizer has `audio_input`='spectrogram'")
    assert captured.count('\n') == 1


def test_config_without_masks(tool, tmp_path, capsys):
    config = str(ROOT / 'configs/supervised/avsprites_1shot.py')
    assert tool.main([config, '--out', str(tmp_path / 'x.png')]) == 2
    assert 'there is no mask' in capsys.readouterr().err


def test_random_weights_are_no_source_of_a_sound(tool, options, tmp_path, capsys):
    out = tmp_path / 'x.png'
    untrained = f'{LOCALIZER_KEY}.init_cfg=None'
    assert tool.main([CONFIG, '--out', str(out), '--cfg-options', untrained, options[2]]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f'visualize_masks: No map can be drawn: `{LOCALIZER_KEY}` has no `init')
    assert not out.exists()


def test_localizer_that_was_saved_in_a_checkpoint(drawn, options, weights, tmp_path):
    [expected] = drawn(*videos(options), *options)
    state = torch.load(weights)['state_dict']
    run = tmp_path / 'epoch_1.pth'
    torch.save({'state_dict': {f'mixer.masker.localizer.{k}': v for k, v in state.items()}}, run)
    untrained = ['--cfg-options', f'{LOCALIZER_KEY}.init_cfg=None', options[2]]
    [panel] = drawn(*videos(options), '--weights', str(run), *untrained)
    np.testing.assert_array_equal(panel.heatmap, expected.heatmap)
    np.testing.assert_array_equal(panel.mixed, expected.mixed)


def test_control_needs_no_weights(tool, options, tmp_path):
    center = [f'{LOCALIZER_KEY}._delete_=True', f'{LOCALIZER_KEY}.type=CenterPrior']
    out = tmp_path / 'x.png'
    args = ['--num-clips', '2', '--out', str(out), '--cfg-options', *center, options[2]]
    assert tool.main([CONFIG, *args]) == 0
    assert out.is_file()


def test_head_of_other_classes_than_the_list(tool, options, tmp_path, capsys):
    """As training says; maps of a video have nothing to do with the classes."""
    out, wrong = tmp_path / 'x.png', 'model.student.head.num_classes=7'
    assert tool.main([CONFIG, '--out', str(out), *options, wrong]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(
        'visualize_masks: model.student.head.num_classes: expected 8, the number of classes in '
    )
    assert not out.exists()
    assert tool.main([CONFIG, *videos(options), '--out', str(out), *options, wrong]) == 0


def test_test_list_that_is_not_there(tool, options, tmp_path, capsys):
    root = f'test_dataloader.dataset.data_root={tmp_path}/nowhere'
    assert tool.main([CONFIG, '--out', str(tmp_path / 'x.png'), *options[:2], root]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f'visualize_masks: {tmp_path}/nowhere does not exist; ')
    assert line.endswith('To prepare it: python tools/data/make_avsprites.py data/avsprites '
                         '--workers 2')  # fmt: skip


def test_video_that_is_not_there(tool, options, tmp_path, capsys):
    out = tmp_path / 'x.png'
    for video, problem in (('nope.mp4', 'does not exist.'), (str(tmp_path), 'is a folder: name ')):
        assert tool.main([CONFIG, video, '--out', str(out), *options]) == 2
        assert capsys.readouterr().err.startswith(f'visualize_masks: {video} {problem}')
