import csv
import importlib
import json
import multiprocessing
from dataclasses import replace

import av
import numpy as np
import pytest

from mmavssl.datasets.avsprites.generate import AVSpritesConfig, clip_keys, clip_rng, generate
from mmavssl.datasets.avsprites.recipe import ClipFormat
from mmavssl.datasets.avsprites.scene import render_clip
from mmavssl.datasets.avsprites.shipped import DEFAULT, get_recipe
from mmavssl.structures.box_file import load_boxes
from mmavssl.utils.errors import ConfigError

SMALL = ClipFormat(size=32, fps=8, seconds=1.5, num_events=(2, 3))
CONFIG = AVSpritesConfig(replace(get_recipe('default', 2), clip=SMALL), 7, num_train=8, num_test=4)


def decode(path):
    with av.open(str(path)) as container:
        video = [frame.to_ndarray(format='rgb24').tobytes() for frame in container.decode(video=0)]
    with av.open(str(path)) as container:
        audio = [frame.to_ndarray().tobytes() for frame in container.decode(audio=0)]
    return b''.join(video), b''.join(audio)


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp('one') / 'nested' / 'avsprites'
    done = []
    info = generate(folder, CONFIG, progress=lambda *state: done.append(state))
    assert done == [(i + 1, 12) for i in range(12)]
    assert not info['reused']
    return folder


def test_layout(data):
    names = {path.name for path in data.iterdir()}
    assert names == {
        'videos', 'manifest_train.csv', 'manifest_test.csv', 'classes.txt', 'boxes_train.npz',
        'boxes_test.npz', 'avsprites.json',
    }  # fmt: skip
    classes = (data / 'classes.txt').read_text().splitlines()
    assert classes == ['ball_bell', 'ball_hiss', 'box_hiss', 'box_bell']
    for split, per_class in (('train', 2), ('test', 1)):
        with open(data / f'manifest_{split}.csv', newline='') as file:
            rows = list(csv.DictReader(file))
        labels = [int(row['label']) for row in rows]
        assert labels == list(range(4)) * per_class
        boxes = load_boxes(data / f'boxes_{split}.npz')
        assert len(boxes) == len(rows) == len(list((data / 'videos' / split).iterdir()))
        for row, label in zip(rows, labels, strict=True):
            path = data / row['path']
            assert path.is_file()
            assert path.stem.rsplit('_', 1)[0] == classes[label]
            assert boxes[path.stem].shape == (12, 4)


def test_boxes_belong_to_the_clips(data):
    key = clip_keys(CONFIG)[-1]
    assert (key.split, key.index) == ('test', 3)
    clip = render_clip(CONFIG.recipe, key.label, clip_rng(7, 'test', 3))
    np.testing.assert_array_equal(load_boxes(data / 'boxes_test.npz')[key.name], clip.boxes)
    assert clip.boxes.min() >= 0
    assert clip.boxes.max() <= 32


def test_silent_track_is_decoded_as_zeros(data, tmp_path):
    harder = replace(CONFIG.recipe.difficulty, silent_classes=1)
    config = replace(CONFIG, recipe=replace(CONFIG.recipe, difficulty=harder), num_train=4)
    info = generate(tmp_path / 'silent', config)
    assert info['classes'][3] == {'name': 'box_silence', 'actor': 'box', 'sound': 'silence'}
    assert info['recipe']['difficulty']['silent_classes'] == 1
    old, new = clip_keys(CONFIG)[3], clip_keys(config)[3]
    assert new.path == 'videos/train/box_silence_0000.mp4'
    video, audio = decode(tmp_path / 'silent' / new.path)
    assert video == decode(data / old.path)[0]
    assert len(audio) == len(decode(data / old.path)[1])
    assert not np.frombuffer(audio, np.float32).any()
    boxes = [load_boxes(f / 'boxes_train.npz') for f in (data, tmp_path / 'silent')]
    np.testing.assert_array_equal(boxes[0][old.name], boxes[1][new.name])


def test_info_file(data):
    info = json.loads((data / 'avsprites.json').read_text())
    assert info['digest'] == CONFIG.digest()
    assert info['seed'] == 7
    assert info['counts'] == {'train': 8, 'test': 4}
    assert info['bounds']['audio_only'] == 0.5
    assert info['classes'][1] == {'name': 'ball_hiss', 'actor': 'ball', 'sound': 'hiss'}
    assert info['recipe']['clip']['size'] == 32


def test_two_workers_write_the_same(data, tmp_path, monkeypatch):
    # Of a server that imports the package once, not of two processes that both do.
    server = multiprocessing.get_context('forkserver')
    server.set_forkserver_preload(['mmavssl.datasets.avsprites.generate'])
    module = importlib.import_module('mmavssl.datasets.avsprites.generate')
    monkeypatch.setattr(module, 'get_context', lambda _: server)
    generate(tmp_path / 'two', CONFIG, workers=2)
    for key in clip_keys(CONFIG):
        assert decode(data / key.path) == decode(tmp_path / 'two' / key.path)
    for name in ('manifest_train.csv', 'avsprites.json', 'classes.txt'):
        assert (data / name).read_bytes() == (tmp_path / 'two' / name).read_bytes()
    for split in ('train', 'test'):
        one, two = (load_boxes(f / f'boxes_{split}.npz') for f in (data, tmp_path / 'two'))
        assert list(one) == list(two)
        assert all((one[name] == two[name]).all() for name in one)


def test_clips_do_not_depend_on_their_number(data, tmp_path):
    generate(tmp_path / 'few', replace(CONFIG, num_train=4))
    key = clip_keys(CONFIG)[2]
    assert decode(data / key.path) == decode(tmp_path / 'few' / key.path)


def test_all_clips_differ(data):
    assert len({decode(data / key.path) for key in clip_keys(CONFIG)}) == 12


def test_second_call_reuses_and_another_configuration_is_refused(data):
    before = (data / 'avsprites.json').stat().st_mtime_ns
    assert generate(data, CONFIG)['reused']
    assert (data / 'avsprites.json').stat().st_mtime_ns == before
    with pytest.raises(ConfigError, match='--overwrite'):
        generate(data, replace(CONFIG, seed=8))


def test_digest_follows_every_parameter():
    harder = replace(DEFAULT, difficulty=replace(DEFAULT.difficulty, audio_noise=0.01))
    configs = [
        AVSpritesConfig(DEFAULT), AVSpritesConfig(DEFAULT, seed=1), AVSpritesConfig(harder),
        AVSpritesConfig(DEFAULT, num_test=241), AVSpritesConfig(get_recipe('held_out')),
        AVSpritesConfig(replace(DEFAULT, difficulty=replace(harder.difficulty, silent_classes=1))),
    ]  # fmt: skip
    assert len({config.digest() for config in configs}) == 6
    assert AVSpritesConfig(DEFAULT).digest() == configs[0].digest()


def test_digest_of_the_shipped_data_stays():
    """Folders that were made before are not refused."""
    assert AVSpritesConfig(DEFAULT).digest().startswith('5bd4216cba12')


def test_errors_name_the_parameter():
    with pytest.raises(ConfigError, match=r'`num_test`.*8'):
        AVSpritesConfig(DEFAULT, num_test=7)
    with pytest.raises(ConfigError, match='`seed`'):
        AVSpritesConfig(DEFAULT, seed=-1)
