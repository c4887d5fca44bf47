"""Files as they occur: each ends in a right sample, or in an error that names it."""

import numpy as np
import pytest

from mmavssl.datasets.transforms import LoadAVClip, OpenAVFile, SampleClip
from mmavssl.utils.errors import DataError

EVENT = 1.5  # seconds; of the click that `make_video` writes
RATE = 16000
SILENT = {'sample_rate': None}


def tone_after(seconds: float, length: float) -> np.ndarray:
    times = np.arange(round(length * RATE)) / RATE
    return np.float32(0.5 * np.sin(2 * np.pi * 500 * times) * (times >= seconds))


# name: how it is made. The click is at EVENT in those with sound.
USABLE = {
    'plain.mp4': {},
    'variable.mp4': {'times': np.cumsum([0.0] + [0.02, 0.06, 0.04] * 24)},
    'odd size.mp4': {'size': (65, 49), 'pix_fmt': 'yuv444p'},
    'gray.mp4': {'pix_fmt': 'gray'},
    'mono.mkv': {'sample_rate': 8000, 'layout': 'mono'},
    'stereo.mp4': {'sample_rate': 48000, 'layout': 'stereo'},
    'surround.mp4': {'sample_rate': 44100, 'layout': '5.1'},
    'slow_sound.mp4': {'sample_rate': 11025},
    'sound_begins_late.mp4': {'delay': 0.7},
    'a name with spaces, ümläuts & 中文 (1).mp4': {},
    "quote's # % ? name.mkv": {},
}


def load(path, backend='pyav', audio='error', seconds=1.0, **sampling):
    results = OpenAVFile(audio=audio, backend=backend)({'video_path': str(path)})
    sampling = {
        'clip_len': 8,
        'frame_interval': 6,
        'target_fps': 25,
        'mode': 'uniform',
        **sampling,
    }
    return LoadAVClip(audio_seconds=seconds)(SampleClip(**sampling)(results))


@pytest.mark.parametrize('backend', ['pyav', 'decord'])
@pytest.mark.parametrize('name', USABLE)
def test_right_frames_and_sound(make_video, numbers_of, name, backend):
    sample = load(make_video(name, **USABLE[name]), backend, num_clips=3)
    assert numbers_of(sample['imgs']) == sample['frame_inds'].ravel().tolist()
    heard = 0
    for (begin, end), window in zip(sample['clip_times'], sample['waveform'], strict=True):
        first = (begin + end - 1) / 2
        if first + 0.05 < EVENT < first + 0.95:
            heard += 1
            assert first + np.argmax(np.abs(window) > 0.2) / RATE == pytest.approx(EVENT, abs=3e-3)
    assert heard


@pytest.mark.parametrize('backend', ['pyav', 'decord'])
def test_rotated_picture_stands_upright(make_video, rotate, numbers_of, backend):
    path = make_video()
    rotate(path)
    sample = load(path, backend)
    assert sample['imgs'].shape == (8, 64, 48, 3)
    lying = np.rot90(sample['imgs'], axes=(1, 2))
    assert numbers_of(lying) == sample['frame_inds'].ravel().tolist()


@pytest.mark.parametrize('backend', ['pyav', 'decord'])
@pytest.mark.parametrize('num_frames', [1, 3, 20])
def test_shorter_than_the_clip(make_video, numbers_of, num_frames, backend):
    """The frames in order, the last one repeated; sound where there is some."""
    sample = load(make_video(seconds=num_frames / 25), backend)
    indices = sample['frame_inds'].ravel().tolist()
    assert indices == [min(6 * n, num_frames - 1) for n in range(8)]
    assert numbers_of(sample['imgs']) == indices
    assert sample['waveform'].shape == (1, RATE)


@pytest.mark.parametrize(('length', 'until'), [(1.2, 1.2), (5.0, 3.0)])
def test_sound_shorter_and_longer_than_the_picture(make_video, length, until):
    path = make_video('video.mkv', audio_codec='pcm_s16le', wave=tone_after(0.0, length))
    sample = load(path, seconds=3.0, clip_len=75, frame_interval=1)
    window = sample['waveform'][0]
    expected = np.zeros(3 * RATE, np.float32)
    expected[: round(until * RATE)] = tone_after(0.0, length)[: round(until * RATE)]
    np.testing.assert_allclose(window, expected, atol=1e-3)


@pytest.mark.parametrize('backend', ['pyav', 'decord'])
def test_video_only(make_video, backend):
    path = make_video(**SILENT)
    with pytest.raises(DataError, match=rf'^{path} has no sound, which this model needs'):
        load(path, backend)
    sample = load(path, backend, audio='silence')
    assert not sample['waveform'].any()


def test_audio_only(make_video, cover_mp3):
    with pytest.raises(DataError, match=rf'^{cover_mp3} has no video in it'):
        load(cover_mp3)


@pytest.mark.parametrize('backend', ['pyav', 'decord'])
@pytest.mark.parametrize('content', ['zero bytes', 'text', 'half of a file'])
def test_unusable_files_are_named(make_video, content, backend):
    path = make_video()
    whole = path.read_bytes()
    path.write_bytes(
        {
            'zero bytes': b'',
            'text': b'no video\n' * 99,
            'half of a file': whole[: len(whole) // 2],
        }[content]
    )
    with pytest.raises(DataError, match=rf'^{path}[: ].*(empty|damaged)') as caught:
        load(path, backend)
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize('backend', ['pyav', 'decord'])
def test_broken_frame_in_the_middle(make_video, blank, numbers_of, backend):
    """Its neighbour stands in, which is noted; the others are right."""
    path = make_video(options={'bf': '0', 'sc_threshold': '0', 'g': '10'})
    blank(path, [35])
    sample = load(path, backend, clip_len=75, frame_interval=1)
    numbers = numbers_of(sample['imgs'])
    assert numbers[:35] == list(range(35))
    assert numbers[40:] == list(range(40, 75))
    assert set(numbers[35:40]) <= {34, *range(35, 41)}
    assert len(sample['video_file'].faults) == 1
