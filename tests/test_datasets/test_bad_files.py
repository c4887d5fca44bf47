"""Real files that cannot be used, in the shipped pipelines: an error, or what a policy says."""

import shutil
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from mmengine.config import Config
from torch.utils.data import DataLoader

from mmavssl.datasets import AVDataset
from mmavssl.registry import TRANSFORMS
from mmavssl.structures import DrawIndex
from mmavssl.utils.errors import DataError

ROOT = Path(__file__).parents[2]
PIPELINES = Config.fromfile(ROOT / 'configs/_base_/pipelines/audio_visual_64.py')
BAD = 1  # index of the clip that a test damages


@pytest.fixture
def paths(tmp_path, avsprites_root):
    """Files of a list of three clips."""
    sources = sorted((avsprites_root / 'videos').rglob('*.mp4'))[:3]
    files = [tmp_path / f'{index}.mp4' for index in range(3)]
    for source, file in zip(sources, files, strict=True):
        shutil.copy(source, file)
    (tmp_path / 'classes.txt').write_text('a\nb\nc\n')
    (tmp_path / 'list.csv').write_text('path,label\n0.mp4,0\n1.mp4,1\n2.mp4,2\n')
    return files


def make(paths, audio='error', source='labeled', **kwargs):
    pipeline = [dict(transform) for transform in PIPELINES[f'{source}_pipeline']]
    pipeline[0] = dict(type='OpenAVFile', audio=audio)
    return AVDataset(
        'list.csv', data_root=str(paths[0].parent), pipeline=pipeline, source=source, **kwargs
    )


@pytest.mark.parametrize('num_workers', [0, 1])
@pytest.mark.parametrize('source', ['labeled', 'unlabeled', 'test'])
@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (None, ' does not exist (the folder '),
        (b'', ' is empty (0 bytes). '),
        (b'This is no video.\n' * 50, ': cannot read video: '),
    ],
    ids=['missing', 'empty', 'text'],
)
def test_error_names_the_file(paths, source, content, message, num_workers):
    path = paths[BAD]
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    loader = DataLoader(make(paths, source=source), batch_size=None, num_workers=num_workers)
    samples = iter(loader)
    assert next(samples)['data_samples'].video_path == str(paths[0])
    with pytest.raises(DataError) as caught:
        next(samples)
    assert f'{path}{message}' in str(caught.value)
    if num_workers:
        samples._shutdown_workers()  # torch waits 5 s if they are left to the collector


def test_files_that_are_whole_raise_no_alarm_and_those_cut_off_do(paths):
    path, dataset = paths[BAD], make(paths)
    for index in range(3):
        dataset[index]
    assert not dataset.damaged.marks.any()
    with (
        av.open(str(path)) as source,
        av.open(
            str(path.with_name('front.mp4')), 'w', options={'movflags': 'faststart'}
        ) as target,
    ):
        streams = {s: target.add_stream_from_template(s) for s in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream]
                target.mux(packet)
    content = path.with_name('front.mp4').read_bytes()
    path.write_bytes(content[: len(content) * 8 // 10])
    assert dataset[BAD]['data_samples'].video_path == str(path)
    assert dataset.damaged.marks.nonzero().flatten().tolist() == [BAD]
    path.write_bytes(content[: len(content) * 3 // 10])
    with pytest.raises(DataError, match=rf'{path} ends after \d+ of its 48 frames'):
        dataset[BAD]


def test_no_sound_is_an_error_unless_said_otherwise(paths, remove_sound):
    remove_sound(paths[BAD])
    dataset = make(paths)
    assert dataset.pipeline.transforms[0].audio == TRANSFORMS.get('OpenAVFile')().audio == 'error'
    with pytest.raises(DataError) as caught:
        dataset[BAD]
    assert str(caught.value) == (
        f'{paths[BAD]} has no sound, which this model needs. Take it out of the list, or set '
        "OpenAVFile(audio='silence') or OpenAVFile(audio='skip'). "
        f'It is listed in {dataset.ann_file}:{BAD + 2}.'
    )


def test_silence_is_the_log_mel_of_zeros_and_the_frames_are_the_same(paths, remove_sound):
    whole = make(paths)[DrawIndex(BAD, epoch=2)]
    remove_sound(paths[BAD])
    sample = make(paths, audio='silence')[DrawIndex(BAD, epoch=2)]
    weak = sample['inputs']['weak']
    assert torch.equal(weak['video'], whole['inputs']['weak']['video'])
    assert not torch.equal(weak['audio'], whole['inputs']['weak']['audio'])

    steps = {step['type']: step for step in PIPELINES.weak_view}
    logmel = TRANSFORMS.build(steps['LogMel'])
    waveform = np.zeros((1, round(steps['LoadAVClip']['audio_seconds'] * 16000)), np.float32)
    torch.testing.assert_close(weak['audio'], logmel({'waveform': waveform})['audio'][0])
    assert sample['data_samples'].has_audio is False
    assert sample['data_samples'].gt_label == BAD


@pytest.mark.parametrize('source', ['labeled', 'unlabeled'])
def test_skipped_clip_is_replaced_by_a_whole_sample(paths, remove_sound, source):
    remove_sound(paths[BAD])
    dataset = make(paths, audio='skip', source=source)
    stand_ins = set()
    for epoch in range(6):
        sample = dataset[DrawIndex(BAD, epoch)]['data_samples']
        stand_ins.add(sample.sample_idx)
        assert sample.video_path == str(paths[sample.sample_idx])
        label = sample.gt_label if source == 'labeled' else sample.gt_for_log
        assert int(label) == sample.sample_idx
        assert sample.has_audio
    assert stand_ins == {0, 2}
    assert dataset.skipped.marks.tolist() == [False, True, False]


def test_no_test_clip_is_skipped(paths, remove_sound):
    remove_sound(paths[BAD])
    dataset = make(paths, audio='skip', source='test', test_mode=True)
    with pytest.raises(DataError, match=r'1\.mp4 was skipped .* no test clip may be missing'):
        dataset[BAD]
