from pathlib import Path

import pytest

from mmavssl.datasets.preparation.probe import probe_file


@pytest.mark.parametrize('decode', [False, True])
def test_facts(make_video, decode):
    path = make_video('a clip.mp4', seconds=2.0, fps=12.5, sample_rate=44100, layout='stereo')
    probe = probe_file(str(path.parent), path.name, decode)
    assert (probe.path, probe.bytes) == ('a clip.mp4', path.stat().st_size)
    assert probe.mtime_ns == path.stat().st_mtime_ns
    assert (probe.duration, probe.frames, probe.fps) == (2.0, 25, 12.5)
    assert (probe.width, probe.height, probe.video_codec) == (64, 48, 'h264')
    assert (probe.audio_codec, probe.sample_rate, probe.channels) == ('aac', 44100, 2)
    assert probe.audio_duration == pytest.approx(2.0, abs=0.05)
    assert (probe.faults, probe.sound_problem, probe.problem) == ('', '', '')
    assert probe.decoded is decode


@pytest.mark.parametrize(
    ('name', 'codec', 'audio_codec', 'names'),
    [
        ('a.avi', 'mpeg4', 'libmp3lame', ('mpeg4', 'mp3')),
        ('a.mkv', 'libx264', 'libopus', ('h264', 'opus')),
        ('a.webm', 'libvpx', 'libopus', ('vp8', 'opus')),
    ],
)
def test_other_formats(make_video, name, codec, audio_codec, names):
    keys = dict(seconds=1.0, codec=codec, audio_codec=audio_codec, sample_rate=48000)
    path = make_video(name, **keys)
    probe = probe_file(str(path.parent), name)
    assert (probe.video_codec, probe.audio_codec) == names
    assert probe.audio_duration == pytest.approx(1.0, abs=0.1)
    assert not probe.problem
    assert not probe.sound_problem


def test_problems(make_tree, tmp_path):
    root = make_tree(silent=['silent.mp4'], text=['text.mp4'], empty=['empty.mp4'])
    (root / 'link.mp4').symlink_to('nowhere.mp4')
    silent, text, empty, link = (
        probe_file(str(root), f'{name}.mp4') for name in ('silent', 'text', 'empty', 'link')
    )
    assert (silent.sound_problem, silent.problem) == ('has no sound track', '')
    assert silent.frames == 10
    assert text.problem.startswith('cannot read video')
    assert empty.problem.startswith('is empty (0 bytes)')
    assert link.problem == 'cannot be opened: No such file or directory'


def test_file_without_pictures(cover_mp3):
    path = cover_mp3.rename(cover_mp3.with_suffix('.mp4'))
    probe = probe_file(str(path.parent), path.name)
    assert probe.problem.startswith('has no video in it')


def cut(path: Path, share: float) -> None:
    path.write_bytes(path.read_bytes()[: round(path.stat().st_size * share)])


def test_half_a_download(make_video):
    path = make_video('a.mp4', muxer={'movflags': 'faststart'})
    cut(path, 0.4)
    assert 'of its 75 frames' in probe_file(str(path.parent), path.name).problem


def test_only_decoding_finds_damage_in_the_middle(make_video, blank):
    path = make_video('a.mp4')
    blank(path, range(10, 70))
    assert not probe_file(str(path.parent), path.name).problem
    problem = probe_file(str(path.parent), path.name, decode=True).problem
    assert 'packets of its video cannot be decoded' in problem
    damaged = make_video('b.mp4')
    blank(damaged, range(10, 20))
    probe = probe_file(str(path.parent), 'b.mp4', decode=True)
    assert probe.faults == '10 of 75 frames cannot be decoded'
    assert not probe.problem


def test_damaged_sound_is_no_fault_of_the_picture(make_video, blank):
    path = make_video('a.mp4')
    blank(path, range(48), kind='audio')
    probe = probe_file(str(path.parent), path.name, decode=True)
    assert probe.sound_problem
    assert not probe.problem
