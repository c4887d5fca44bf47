"""Pictures and sound files in `probe_file`."""

import av
import numpy as np
import pytest

from mmavssl.datasets.preparation.probe import SOUND_SUFFIXES, probe_file
from mmavssl.datasets.readers.audio_file import AudioFile

CODECS = {
    '.flac': 'flac', '.m4a': 'aac', '.mp3': 'libmp3lame', '.ogg': 'libopus', '.wav': 'pcm_s16le',
}  # fmt: skip


def test_picture_and_folder_of_pictures(tmp_path, write_frame):
    write_frame(tmp_path / 'a.jpg', size=(20, 10))
    write_frame(tmp_path / 'b/1.png', size=(30, 10))
    (tmp_path / 'b/2.png').write_text('no picture')
    probe = probe_file(str(tmp_path), 'a.jpg')
    assert (probe.frames, probe.width, probe.height, probe.problem) == (1, 20, 10, '')
    assert probe.bytes == (tmp_path / 'a.jpg').stat().st_size
    probe = probe_file(str(tmp_path), 'b')
    assert (probe.frames, probe.width, probe.height, probe.problem) == (2, 30, 10, '')
    problem = probe_file(str(tmp_path), 'b', decode=True).problem
    assert problem.startswith('2.png cannot be decoded as a picture')


def test_sound_file(tmp_path, write_sound):
    write_sound(tmp_path / 'a.wav', seconds=1.5, rate=22050)
    probe = probe_file(str(tmp_path), 'a.wav')
    assert (probe.sample_rate, probe.channels, probe.frames) == (22050, 1, 0)
    assert probe.audio_duration == pytest.approx(1.5, abs=0.2)  # by whole packets
    assert (probe.problem, probe.sound_problem) == ('', '')
    write_sound(tmp_path / 'empty.wav', seconds=0)
    empty = probe_file(str(tmp_path), 'empty.wav')
    assert empty.problem or empty.sound_problem
    (tmp_path / 'bad.wav').write_text('no sound' * 50)
    assert 'cannot read sound' in probe_file(str(tmp_path), 'bad.wav').problem


@pytest.mark.parametrize('suffix', SOUND_SUFFIXES)
def test_kinds_of_sound_files(tmp_path, sound_writer, suffix):
    path = tmp_path / f'a{suffix}'
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(144000) / 48000)
    with av.open(str(path), 'w') as container:
        stream = container.add_stream(CODECS[suffix], rate=48000, layout='stereo')
        sound_writer(container, stream, tone)
    probe = probe_file(str(tmp_path), path.name, decode=True)
    assert (probe.sample_rate, probe.channels, probe.frames) == (48000, 2, 0)
    assert probe.audio_duration == pytest.approx(3.0, abs=0.2)
    assert (probe.problem, probe.sound_problem, probe.faults) == ('', '', '')
    waveform = AudioFile(str(path)).waveform
    middle = waveform[len(waveform) // 2 - 8000 :][:16000]  # of 16 kHz
    spectrum = np.abs(np.fft.rfft(middle))
    assert spectrum.argmax() == 440
    assert np.abs(middle).max() == pytest.approx(0.5, abs=0.05)
