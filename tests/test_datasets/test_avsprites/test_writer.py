import av
import numpy as np
import pytest

from mmavssl.datasets.avsprites.scene import render_clip
from mmavssl.datasets.avsprites.shipped import DEFAULT, HELD_OUT
from mmavssl.datasets.avsprites.writer import write_clip
from mmavssl.utils.errors import DataError

decord = pytest.importorskip('decord')


def read_av(path):
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format='rgb24') for frame in container.decode(video=0)]
    with av.open(str(path)) as container:
        first, parts = None, []
        for frame in container.decode(audio=0):
            first = frame.time if first is None else first
            parts.append(frame.to_ndarray()[0])
    return np.array(frames), np.concatenate(parts), first


def read_decord(path):
    reader = decord.VideoReader(str(path), num_threads=1)
    sound = decord.AudioReader(str(path), sample_rate=16000, mono=True)
    return reader.get_batch(range(len(reader))).asnumpy(), sound[:].asnumpy()[0], 0.0


READERS = {'av': read_av, 'decord': read_decord}


@pytest.fixture(scope='module', params=[('default', 0), ('default', 3), ('held_out', 6)])
def written(request, tmp_path_factory):
    name, label = request.param
    recipe = {'default': DEFAULT, 'held_out': HELD_OUT}[name]
    clip = render_clip(recipe, label, np.random.default_rng(label))
    path = tmp_path_factory.mktemp('clips') / 'clip.mp4'
    write_clip(path, clip.frames, clip.waveform, 16, 16000)
    return path, clip


@pytest.mark.parametrize('reader', READERS)
def test_decoded_clip_is_the_rendered_one(written, reader):
    path, clip = written
    frames, sound, first = READERS[reader](path)
    assert frames.shape == clip.frames.shape
    assert first == 0
    assert len(sound) >= len(clip.waveform)
    assert np.abs(frames.astype(int) - clip.frames).mean() < 6
    error = sound[: len(clip.waveform)] - clip.waveform
    assert (error**2).mean() < 0.02 * (clip.waveform**2).mean()  # aligned to the sample


@pytest.mark.parametrize('reader', READERS)
def test_sound_peaks_at_the_events_within_one_frame(written, reader):
    path, clip = written
    sound = READERS[reader](path)[1][: len(clip.waveform)]
    envelope = np.sqrt((sound.reshape(len(clip.frames), -1) ** 2).mean(axis=1))
    quiet = np.median(envelope)
    for event in clip.events:
        frame = int(event * 16)
        near = np.arange(max(frame - 3, 0), min(frame + 4, len(envelope)))
        assert abs(near[envelope[near].argmax()] - frame) <= 1
        loud = near[envelope[near] > max(0.3 * envelope[near].max(), 2 * quiet)]
        assert abs(loud[loud >= frame - 1][0] - frame) <= 1


@pytest.mark.parametrize('reader', READERS)
def test_picture_moves_at_the_events(reader, tmp_path):
    """The decoded frame difference inside the actor's box jumps right after each event."""
    clip = render_clip(DEFAULT, 2, np.random.default_rng(5))
    write_clip(tmp_path / 'clip.mp4', clip.frames, clip.waveform, 16, 16000)
    frames = READERS[reader](tmp_path / 'clip.mp4')[0].astype(int)
    moved = np.abs(np.diff(frames, axis=0)).mean(axis=3)
    inside = [
        part[int(y1) : int(y2), int(x1) : int(x2)].mean()
        for part, (x1, y1, x2, y2) in zip(moved, clip.boxes[1:], strict=True)
    ]
    rest = np.median(inside)
    for event in clip.events:
        first = int(np.ceil(event * 16))
        assert max(inside[first - 1 : first + 2]) > 1.5 * rest


def test_same_content_gives_the_same_file(tmp_path):
    """Many repetitions with other work in between: x264's mbtree deviated only now and then."""
    path, files = tmp_path / 'clip.mp4', set()
    for _ in range(25):
        clip = render_clip(DEFAULT, 1, np.random.default_rng(0))
        write_clip(path, clip.frames, clip.waveform, 16, 16000)
        files.add(path.read_bytes())
    assert len(files) == 1


def test_encoder_runs_without_what_is_not_reproducible(tmp_path):
    clip = render_clip(DEFAULT, 1, np.random.default_rng(0))
    write_clip(tmp_path / 'clip.mp4', clip.frames, clip.waveform, 16, 16000)
    written = (tmp_path / 'clip.mp4').read_bytes()  # x264 notes its settings in the stream
    for setting in (b' threads=1 ', b' mbtree=0 ', b' bframes=0 '):
        assert setting in written


def test_missing_encoder_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(av, 'codecs_available', {'aac'})
    with pytest.raises(DataError, match='libx264'):
        write_clip(tmp_path / 'x.mp4', np.zeros((1, 32, 32, 3), np.uint8), np.zeros(16), 16, 16000)
