"""Names that a shell, a path or a list would read as something else, from folder to sample."""

import os
import runpy
from pathlib import Path

import pytest

from mmavssl.datasets import AVDataset
from mmavssl.datasets.manifest import read_classes, read_manifest
from mmavssl.datasets.shards import ShardBackend
from mmavssl.datasets.shards.pack import pack_shards
from mmavssl.datasets.splits import make_split
from mmavssl.datasets.transforms import LoadAVClip, OpenAVFile, SampleClip

ROOT = Path(__file__).parents[2]
NAMES = (
    'a; touch pwned $(touch pwned) \'b" .mp4',
    '`touch pwned`.mp4',
    '| touch pwned &.mp4',
    '-rf --help.mp4',
    '> pwned < $HOME ${PATH} *?[a-z] !!.mp4',
    '%s %(a)s {0} {{$HOME:x}}.mp4',
    'line\nbreak\ttab.mp4',
    'concat:a|b.mp4',
    'http:x.mp4',
    '=cmd(1),"2".mp4',
    '#.mp4',
    '~.mp4',
)
CLASSES = ('$(touch pwned); "run"', "-sit 'down' & | ,")


@pytest.fixture
def raw(make_video, tmp_path, monkeypatch):
    """A folder of clips, and the working folder, so that paths may begin with anything."""
    video = make_video(seconds=1).read_bytes()
    for number, name in enumerate(NAMES):
        path = tmp_path / 'raw' / CLASSES[number % 2] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(video)
    monkeypatch.chdir(tmp_path / 'raw')
    return tmp_path / 'raw'


def sample_of(path: str, **opening) -> dict:
    results = OpenAVFile(audio='error', **opening)({'video_path': path})
    sampled = SampleClip(clip_len=2, frame_interval=4, target_fps=25)(results)
    return LoadAVClip(audio_seconds=0.5)(sampled)


@pytest.mark.parametrize('backend', ['pyav', 'decord'])
@pytest.mark.parametrize('number', range(len(NAMES)))
def test_loading(raw, monkeypatch, number, backend):
    monkeypatch.chdir(CLASSES[number % 2])
    for path in (NAMES[number], os.path.abspath(NAMES[number])):
        assert len(sample_of(path, backend=backend)['imgs']) == 2


def test_preparation_lists_split_and_shards(raw, tmp_path):
    """As a user has them: the folder becomes lists, these a split, a data set and shards."""
    out = tmp_path / 'o; touch pwned'
    tool = runpy.run_path(str(ROOT / 'tools/data/prepare_folder.py'))
    assert tool['main']([str(raw), str(out), '--workers', '1']) == 0
    assert set(read_classes(out / 'classes.txt')) == set(CLASSES)
    clips = {file.name: read_manifest(file, CLASSES) for file in out.glob('manifest_*.csv')}
    names = {Path(clip.path).name for entries in clips.values() for clip in entries}
    assert names == {name for name in NAMES if '\n' not in name}  # which no text list can hold

    make_split(out / 'manifest_train.csv', out / 'classes.txt', out / 'splits/1shot', shots=1)
    dataset = AVDataset('manifest_train.csv', data_root=str(out))
    for index in range(len(dataset)):
        assert len(sample_of(dataset.get_data_info(index)['video_path'])['imgs']) == 2

    pack_shards(out / 'manifest_train.csv', tmp_path / 'shards $(touch pwned)')
    packed = ShardBackend(str(tmp_path / 'shards $(touch pwned)'))
    for clip in clips['manifest_train.csv']:
        assert packed.get(clip.path) == (out / clip.path).read_bytes()
    assert not list(tmp_path.rglob('pwned'))
