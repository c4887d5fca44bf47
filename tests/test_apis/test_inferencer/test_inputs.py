"""All kinds of inputs: arrays, folders with bad files, lists, addresses, no sound."""

import copy
import shutil
import tempfile
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch

from mmavssl.apis import AVActionInferencer
from mmavssl.datasets.readers.audio_file import AudioFile
from mmavssl.datasets.readers.media_file import MediaFile
from mmavssl.datasets.readers.video_file import VideoFile
from mmavssl.utils.errors import ConfigError, DataError
from tests.small_predictor import class_names, small_config, write_checkpoint


def arrays_of(path):
    media = MediaFile(path)
    video, sound = VideoFile(media), AudioFile(media)
    return {
        'video': video.frames(np.arange(video.num_frames)),
        'fps': video.fps,
        'audio': sound.window(video.clock.start_time, video.clock.duration),
        'sample_rate': 16000,
    }


def test_arrays_are_as_good_as_their_file(inferencer, videos):
    arrays = arrays_of(videos[0])
    mute = {'video': arrays['video'], 'fps': arrays['fps'], 'path': 'mute'}
    named = {**arrays, 'path': 'mine'}
    results = inferencer([videos[0], arrays, named, mute], return_datasamples=True)
    first, *others = results['predictions']
    assert [sample.video_path for sample in others] == ['array_1', 'mine']
    for sample in others:
        torch.testing.assert_close(sample.pred_score, first.pred_score, atol=1e-5, rtol=0)
    [failure] = results['errors']
    assert failure['path'] == 'mute'
    assert failure['reason'].startswith('mute has no sound, which this model needs.')


@pytest.fixture
def folder(videos, tmp_path, remove_sound):
    """Videos in folders: a good one, one that is cut off, one without sound, one more good one."""
    folder = tmp_path / 'pool'
    (folder / 'b').mkdir(parents=True)
    for name, source in (('a.mp4', 0), ('b/1.MP4', 1), ('b/2.mp4', 2), ('c.mp4', 3)):
        shutil.copy(videos[source], folder / name)
    (folder / 'b/1.MP4').write_bytes(Path(videos[1]).read_bytes()[:500])
    remove_sound(folder / 'b/2.mp4')
    (folder / 'notes.txt').write_text('no video')
    return folder


def test_bad_files_of_a_folder_are_named_and_left_out(inferencer, folder, videos, said):
    results = inferencer(folder, batch_size=2)
    assert [each['path'] for each in results['predictions']] == [
        str(folder / 'a.mp4'), str(folder / 'c.mp4'),
    ]  # fmt: skip
    expected = inferencer([videos[0], videos[3]])['predictions']
    for found, same in zip(results['predictions'], expected, strict=True):
        assert found['score'] == pytest.approx(same['score'], abs=1e-6)
    assert [each['path'] for each in results['errors']] == [
        str(folder / 'b/1.MP4'), str(folder / 'b/2.mp4'),
    ]  # fmt: skip
    assert 'damaged' in results['errors'][0]['reason']
    assert said[0].startswith(f'{folder / "b/1.MP4"}: cannot read')
    assert said[1].endswith('It is left out (2 of 4 so far).')
    assert len(said) == 2


def test_a_bad_file_that_is_all_there_is(inferencer, folder):
    with pytest.raises(DataError, match=r'1\.MP4: cannot read video'):
        inferencer(folder / 'b/1.MP4')
    with pytest.raises(DataError, match=r'nothing\.mp4 does not exist \(the folder \. does\)'):
        inferencer('nothing.mp4')
    with pytest.raises(DataError, match=r"audio='silence' \(--audio silence\)"):
        inferencer(str(folder / 'b/2.mp4'))
    assert len(inferencer([folder / 'b/1.MP4', folder / 'b/2.mp4'])['errors']) == 2


def test_silence_may_stand_in_for_sound(inferencer, weights, folder, videos):
    patient = AVActionInferencer(
        weights=weights, device='cpu', views='fast', audio='silence', show_progress=False
    )
    mute, loud = patient([folder / 'b/2.mp4', videos[2]], return_datasamples=True)['predictions']
    assert not mute.has_audio
    assert (mute.pred_score - loud.pred_score).abs().max() > 1e-4
    [strict] = inferencer(videos[2], return_datasamples=True)['predictions']
    torch.testing.assert_close(loud.pred_score, strict.pred_score)


def test_parts_of_a_list(inferencer, videos, tmp_path):
    """Each is predicted, localized and shown as if it were a file of its own."""
    path = tmp_path / 'list.csv'
    path.write_text(
        f'path,label,start,end,audio_path\n{videos[0]},,0.5,2.5,\n{videos[0]},,1,2,{videos[1]}\n'
        f'{videos[0]},,,,\n{videos[0]},,7,8,\n'
    )
    results = inferencer(path, localize=True, out_dir=tmp_path / 'new', return_datasamples=True)
    middle, dubbed, whole = results['predictions']
    # One clip of 2 s from the middle is all that `fast` sees.
    torch.testing.assert_close(middle.pred_score, whole.pred_score, atol=1e-6, rtol=0)
    assert (dubbed.pred_score - whole.pred_score).abs().max() > 1e-4
    assert (middle.start, middle.end, whole.get('start')) == (0.5, 2.5, None)
    assert dubbed.audio_path == videos[1]
    assert len(middle.sound_map) == 16  # 8 a second
    assert middle.map_times[[0, -1]].tolist() == pytest.approx([0.5, 2.5 - 1 / 16], abs=0.01)
    shown = [VideoFile(name).clock.duration for name in results['visualization']]
    assert shown == pytest.approx([2, 1, 3], abs=0.01)
    heard = AudioFile(results['visualization'][0]).waveform[:31000]
    assert np.corrcoef(heard, AudioFile(videos[0]).waveform[8000:39000])[0, 1] > 0.95
    [error] = results['errors']
    assert 'lasts 3.00 s' in error['reason']
    plain = inferencer(path)['predictions']
    assert [each.get('start') for each in plain] == [0.5, 1, None]
    assert (plain[0]['end'], plain[1]['audio_path']) == (2.5, videos[1])


def test_names_that_no_file_has_are_left_out(inferencer, videos, tmp_path, said):
    path = tmp_path / 'list.csv'
    path.write_text(f'path\n{"x" * 300}.mp4\nloop.mp4\na.mp4\n')
    (tmp_path / 'loop.mp4').symlink_to('loop.mp4')
    shutil.copy(videos[0], tmp_path / 'a.mp4')
    results = inferencer(path, out_dir=tmp_path / 'new')
    assert [each['path'] for each in results['predictions']] == [str(tmp_path / 'a.mp4')]
    assert [each['reason'].split(': ')[1].split('.')[0] for each in results['errors']] == [
        'File name too long', 'Too many levels of symbolic links',
    ]  # fmt: skip
    assert said[1].endswith('It is left out (2 of 3 so far).')


@contextmanager
def serving(folder):
    """A server of a folder: yields its address, and what is asked for."""
    asked = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            asked.append(self.path)

    handler = partial(Handler, directory=str(folder))
    with ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f'http://127.0.0.1:{server.server_port}', asked
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize('num_workers', [0, 1])
def test_video_of_a_server_is_fetched_once(weights, videos, tmp_path, num_workers):
    inferencer = AVActionInferencer(
        weights=weights, device='cpu', views='fast', num_workers=num_workers, show_progress=False
    )
    names = [Path(path).name for path in videos[:2]]
    with serving(Path(videos[0]).parent) as (address, asked):
        results = inferencer([f'{address}/{name}' for name in names], out_dir=tmp_path)
    assert asked == [f'/{name}' for name in names]
    assert results['visualization'] == [str(tmp_path / name) for name in names]
    expected = inferencer(videos[:2])['predictions']
    assert [each['score'] for each in results['predictions']] == pytest.approx(
        [each['score'] for each in expected]
    )


@pytest.mark.parametrize('is_drawn', [False, True])
def test_parts_of_a_video_of_a_server(inferencer, videos, tmp_path, monkeypatch, is_drawn):
    """It is fetched once for all of them, and kept until the last one is done."""
    served = tmp_path / 'served'
    served.mkdir()
    shutil.copy(videos[0], served / 'a.mp4')
    (served / 'no_video.mp4').write_bytes(b'no video')
    kept = tmp_path / 'kept'
    kept.mkdir()
    monkeypatch.setattr(tempfile, 'tempdir', str(kept))
    counts = []
    options = {'out_dir': tmp_path / 'new'} if is_drawn else {}
    with serving(served) as (address, asked):
        rows = ['no_video.mp4,', *(f'a.mp4,{start}' for start in (0, 0.5, 1))]
        path = tmp_path / 'list.csv'
        path.write_text('path,start\n' + ''.join(f'{address}/{row}\n' for row in rows))
        for _ in inferencer.in_batches(path, **options):
            files = kept.glob('mmavssl_*/*')
            counts.append(len([path for path in files if not path.suffix]))
    assert asked == ['/no_video.mp4', '/a.mp4']
    assert counts == [0, 1, 1, 0]
    assert not list(kept.glob('mmavssl_*'))


def test_one_network_and_no_sound(avsprites_root, videos, tmp_path):
    """A model that only sees: no sound is asked for, but played; it has no teacher, no maps."""
    cfg = small_config(avsprites_root, 'supervised/avsprites_1shot.py')
    student = cfg.model.student
    for name in ('audio_backbone', 'fusion'):
        student.pop(name)
    student.head.in_channels = student.backbone.embed_dims
    video_only = small_config(avsprites_root, 'svformer/avsprites_1shot.py')
    cfg.test_dataloader.dataset.pipeline = video_only.test_dataloader.dataset.pipeline
    path = write_checkpoint(tmp_path / 'a.pth', cfg, class_names(avsprites_root))
    with pytest.raises(ConfigError, match='SupervisedRecognizer has no teacher'):
        AVActionInferencer(copy.deepcopy(cfg), path, use='teacher')
    inferencer = AVActionInferencer(weights=path, device='cpu', views='fast', show_progress=False)
    with pytest.raises(ConfigError, match=r'has no `model\.mixer\.masker\.localizer`'):
        inferencer(videos[0], localize=True)
    [played] = inferencer(videos[0], out_dir=tmp_path)['visualization']
    assert AudioFile(played).has_audio
