import threading
import wave
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmavssl.apis import input_places
from mmavssl.apis.inference_inputs import ClipInput, OpenInput, list_inputs, open_input
from mmavssl.utils.errors import ConfigError, DataError

ARRAYS = {'video': np.zeros((5, 8, 8, 3), np.uint8), 'fps': 5}


@pytest.fixture
def folder(tmp_path):
    for name in ('b/2.mp4', 'b/1.AVI', 'a.mkv', '.hidden.mp4', 'b/x.txt', 'b/x.wav'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_files_folders_and_arrays(folder):
    found = list_inputs([folder / 'b/x.txt', str(folder), 'http://host/a.mp4', ARRAYS])
    assert found[0] == ClipInput(str(folder / 'b/x.txt'))
    assert found[1:4] == [
        ClipInput(str(folder / name), is_named=False) for name in ('a.mkv', 'b/1.AVI', 'b/2.mp4')
    ]
    assert found[4] == ClipInput('http://host/a.mp4')
    assert (found[5].path, found[5].arrays, found[5].is_named) == ('array_5', ARRAYS, True)
    assert list_inputs('gone.mp4') == [ClipInput('gone.mp4')]  # opening it says so


def test_folders_of_a_storage(monkeypatch):
    class Storage:
        def isdir(self, path):
            return path == 's3://pool'

        def list_dir_or_file(self, path, list_dir, recursive):
            return iter(['b.mp4', 'a/c.webm', 'notes.txt'])

        def join_path(self, *parts):
            return '/'.join(parts)

    monkeypatch.setattr(input_places, 'get_file_backend', lambda path: Storage())
    paths = [clip.path for clip in list_inputs(['s3://pool', 's3://pool/d.mp4'])]
    assert paths == ['s3://pool/a/c.webm', 's3://pool/b.mp4', 's3://pool/d.mp4']


def test_files_by_their_uri(folder):
    uri = (folder / 'b/2 ü.mp4').as_uri()
    assert '%20' in uri
    assert list_inputs(uri) == [ClipInput(str(folder / 'b/2 ü.mp4'))]
    assert [clip.path for clip in list_inputs(f'file://localhost{folder}')] == [
        str(folder / name) for name in ('a.mkv', 'b/1.AVI', 'b/2.mp4')
    ]


def test_rows_of_a_list_among_others(folder):
    """Labels of any kind are not looked at."""
    (folder / 'list.csv').write_text(
        'path,label,start,end,audio_path\nb/2.mp4,no such class,,,\nb/2.mp4,99,1,2.5,b/x.wav\n'
    )
    whole, part, named = list_inputs([folder / 'list.csv', 'a.mp4'])
    assert whole == ClipInput(str(folder / 'b/2.mp4'), is_named=False)
    assert part == ClipInput(
        str(folder / 'b/2.mp4'), None, False, 1.0, 2.5, str(folder / 'b/x.wav')
    )
    assert part.part == {'start': 1.0, 'end': 2.5, 'audio_path': str(folder / 'b/x.wav')}
    assert (named, named.part) == (ClipInput('a.mp4'), {})
    assert list_inputs([part, named]) == [part, named]
    [first, *_] = list_inputs(folder / 'list.csv', data_root=folder / 'b')
    assert first.path == str(folder / 'b/b/2.mp4')
    with pytest.raises(ConfigError, match=r'`data_root` \(--data-root\) is what .* Leave it out'):
        list_inputs([folder], data_root=folder)


@pytest.mark.parametrize(
    ('inputs', 'message'),
    [
        ([], 'There is nothing to predict'),
        (3, 'but got a int'),
        ('', 'A path is empty, and would be the folder one is in'),
        (['a.mp4', ''], 'A path is empty'),
        ([np.zeros((2, 8, 8, 3), np.uint8)], r'dict\(video=.*but got a ndarray'),
        ({'video': ARRAYS['video']}, "array_0: expected arrays by .*, but 'fps' is missing"),
        ({**ARRAYS, 'path': 'mine', 'sound': 1}, "mine: expected arrays by .*, but got 'sound'"),
    ],
)
def test_what_is_no_input(inputs, message):
    with pytest.raises(DataError, match=message):
        list_inputs(inputs)


def test_folder_without_videos(folder):
    (folder / 'empty').mkdir()
    with pytest.raises(DataError, match=r'empty is a folder without videos \(\.mp4, '):
        list_inputs(folder / 'empty')


def test_names_that_cannot_stand_in_a_list_are_told(folder, monkeypatch):
    said = []
    monkeypatch.setattr(
        'mmavssl.apis.inference_inputs.print_log', lambda text, **_: said.append(text)
    )
    count = len(list_inputs(folder))
    assert said == []
    for name in ('two\nlines.mp4', 'caf\udce9.mp4'):
        (folder / name).touch()
    assert len(list_inputs(folder)) == count
    [text] = said
    assert text.startswith(f'{folder}: 2 videos are left out, whose names have line breaks or')
    assert list_inputs(folder / 'two\nlines.mp4')[0].path.endswith('two\nlines.mp4')


def test_video_of_a_server(avsprites_root):
    video = next((avsprites_root / 'videos/test').glob('*.mp4'))
    handler = partial(Quiet, directory=str(video.parent))
    with ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            url = f'http://127.0.0.1:{server.server_port}/{video.name}'
            [clip] = list_inputs(url)
            remote = open_input(OpenInput(audio='error'), clip)
        finally:
            server.shutdown()
            thread.join()
    local = open_input(OpenInput(audio='error'), ClipInput(str(video)))
    for name in ('video_file', 'audio_file'):
        assert remote[name].path == url
    frames = [results['video_file'].frames(np.array([7])) for results in (remote, local)]
    np.testing.assert_array_equal(*frames)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def test_arrays_are_opened_by_the_policy():
    [clip] = list_inputs(ARRAYS)
    results = open_input(OpenInput(audio='silence'), clip, 3)
    assert (results['has_audio'], results['audio_file'], results['audio_origin']) == (
        False, None, 0,
    )  # fmt: skip
    assert (results['video_path'], results['sample_idx']) == ('array_0', 3)
    assert open_input(OpenInput(audio='skip'), clip) is None
    assert 'has_audio' not in open_input(OpenInput(audio=None), clip)
    heard = {**ARRAYS, 'audio': np.ones(8000, np.float32), 'sample_rate': 8000}
    results = open_input(OpenInput(audio='error'), ClipInput('a', heard))
    assert len(results['audio_file'].waveform) == 16000


def test_file_that_does_not_exist():
    path = str(Path('no', 'such.mp4'))
    with pytest.raises(DataError, match=r'such\.mp4 does not exist \(.*\)\. Correct the path'):
        open_input(OpenInput(audio=None), ClipInput(path))


def test_all_that_is_in_a_storage_is_asked_of_what_fetches(tmp_path):
    """A picture as well as its sound, in place of a video."""
    Image.new('RGB', (8, 6)).save(tmp_path / 'a.png')
    with wave.open(str(tmp_path / 'a.wav'), 'wb') as sound:
        sound.setparams((1, 2, 16000, 0, 'NONE', ''))
        sound.writeframes(bytes(2 * 16000))
    asked = []

    def fetch(path, backend_args):
        asked.append(path)
        return (tmp_path / Path(path).name).read_bytes()

    opener = OpenInput(audio='error')
    opener.fetch = fetch
    clip = ClipInput('http://h/a.png', audio_path='http://h/a.wav')
    results = open_input(opener, clip)
    assert asked == [clip.path, clip.audio_path]
    assert results['video_file'].frames(np.array([0])).shape == (1, 6, 8, 3)
    assert len(results['audio_file'].waveform) == 16000
