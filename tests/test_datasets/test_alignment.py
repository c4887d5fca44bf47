"""Sound and pictures agree in time: what the whole method stands on.

A file has a click, and the frame that is shown then is a flash, between black ones. Wherever a
window begins, the frame of the log-mel that has the click and the frame of the flash are of one
moment.
"""

import functools
from fractions import Fraction

import av
import numpy as np
import pytest

from mmavssl.datasets.transforms import LoadAVClip, LogMel, OpenAVFile

EVENT = 2.0  # seconds
LENGTH = 4.0
HOP, WINDOW = 0.010, 0.025  # of the log-mel
RATES = {
    'film': Fraction(24000, 1001), 'pal': Fraction(25), 'slow': Fraction(12), 'fast': Fraction(50)
}  # fmt: skip
SAMPLE_RATES = (8000, 22050, 44100, 48000)


@pytest.fixture(scope='module')
def make_event(tmp_path_factory, sound_writer):
    """Return a function that writes a file with a flash and a click at EVENT, each once."""

    @functools.cache
    def make(name: str, fps: Fraction, sample_rate: int, layout: str, codecs: tuple[str, str]):
        path = tmp_path_factory.mktemp('event') / name
        with av.open(str(path), 'w') as container:
            video = container.add_stream(codecs[0], rate=fps, bit_rate=1_000_000)
            video.width, video.height, video.pix_fmt = 64, 48, 'yuv420p'
            video.options = {'g': '30', 'bf': '2'}
            audio = container.add_stream(codecs[1], rate=sample_rate, layout=layout)
            flash = int(EVENT * fps)
            for number in range(int(LENGTH * fps)):
                picture = np.full((48, 64, 3), 235 if number == flash else 16, np.uint8)
                frame = av.VideoFrame.from_ndarray(picture, format='rgb24')
                frame.pts, frame.time_base = number, 1 / fps
                container.mux(video.encode(frame))
            container.mux(video.encode(None))
            wave = np.zeros(int(LENGTH * sample_rate), np.float32)
            burst = np.arange(int(0.01 * sample_rate))
            wave[int(EVENT * sample_rate) + burst] = np.sin(np.pi * burst / 4)
            sound_writer(container, audio, wave)
        return path, flash / float(fps)

    return make


def moments(path, begin, backend):
    """Return when the flash is seen and when the click is heard in a window from ``begin`` on."""
    results = OpenAVFile(backend=backend)({'video_path': str(path)})
    clock = results['video_file'].clock
    times = np.arange(begin, min(begin + 1.5, clock.duration), 1 / clock.fps)
    results['frame_inds'] = clock.index_at(times)[None]
    results['clip_times'] = np.array([[begin, begin + 1.5]])
    results = LogMel(target_frames=160, norm_mean=0.0, norm_std=0.5)(
        LoadAVClip(audio_seconds=1.5)(results)
    )
    brightness = results['imgs'].mean(axis=(1, 2, 3))
    seen = clock.times[results['frame_inds'][0, brightness.argmax()]]
    energy = results['audio'][0].exp().sum(dim=1)
    # The click is in the middle of the window that has most of it.
    return seen, begin + int(energy.argmax()) * HOP + WINDOW / 2


@pytest.mark.parametrize('backend', ['pyav', 'decord'])
@pytest.mark.parametrize('sample_rate', SAMPLE_RATES)
@pytest.mark.parametrize('fps', RATES)
def test_log_mel_of_the_click_and_frame_of_the_flash_agree(make_event, fps, sample_rate, backend):
    path, flash = make_event('v.mp4', RATES[fps], sample_rate, 'stereo', ('libx264', 'aac'))
    for begin in np.arange(0.65, 1.99, 0.097):
        seen, heard = moments(path, begin, backend)
        assert seen == pytest.approx(flash, abs=1e-3)
        assert abs(heard - EVENT) < HOP + 0.005  # half of the click's 10 ms
        assert abs(heard - seen) <= 1 / RATES[fps] + HOP + 0.005


@pytest.mark.parametrize('backend', ['pyav', 'decord'])
@pytest.mark.parametrize(
    ('name', 'codecs', 'late'),
    [
        ('v.mkv', ('libx264', 'libopus'), 0.0),
        ('v.avi', ('mpeg4', 'pcm_s16le'), 0.0),
        # AVI cannot say how much silence an MP3 encoder puts before the sound: 1105 samples.
        ('v.avi', ('mpeg4', 'libmp3lame'), 1105 / 48000),
        ('v.mpg', ('mpeg1video', 'mp2'), 0.0),
        ('v.ts', ('libx264', 'aac'), 0.0),
    ],
)
def test_they_agree_in_other_containers(make_event, name, codecs, late, backend):
    path, flash = make_event(name, Fraction(25), 48000, 'stereo', codecs)
    for begin in np.arange(0.65, 1.99, 0.19):
        seen, heard = moments(path, begin, backend)
        assert seen == pytest.approx(flash, abs=2e-3)
        assert abs(heard - late - EVENT) < HOP + 0.005
        assert abs(heard - seen) <= 1 / 25
