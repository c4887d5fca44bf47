import threading

import pytest

from mmavssl.datasets.download import vggsound
from mmavssl.datasets.download.vggsound import ROW, UNAVAILABLE, download_vggsound
from mmavssl.datasets.preparation.vggsound import VGGSound
from mmavssl.utils.errors import DataError


def name(number):
    return f'{number:011d}_{number:06d}'


@pytest.fixture
def youtube(server, monkeypatch):
    """Clips by number: which can be had, which were asked for. Odd ones are of the test part."""
    labels = ('playing cello', 'dog barking')
    rows = [
        f'{number:011d},{number},{labels[number // 2 % 2]},{("train", "test")[number % 2]}'
        for number in range(100)
    ]
    server.files['vggsound.csv'] = '\n'.join(rows).encode()
    return YouTube(monkeypatch)


class YouTube:
    def __init__(self, monkeypatch):
        self.lacks, self.asked, self.lock = set(), [], threading.Lock()
        self.content = b'a clip'
        monkeypatch.setattr(vggsound, 'fetch_clip', self.fetch)

    def fetch(self, clip, path, options):
        with self.lock:
            self.asked.append(clip.start)
        if clip.start in self.lacks:
            return f'{clip.video}: Video unavailable, "private"'
        path.write_bytes(self.content)
        return None


def fetched(folder):
    return sorted(int(path.stem[-6:]) for path in folder.glob('t*/*.mp4'))


def test_all_clips(server, youtube, tmp_path):
    youtube.lacks = {3, 10}
    said = download_vggsound(tmp_path, server.url, options=None)
    assert f'{tmp_path} has 98 of 100 clips; 2 cannot be had' in said
    assert fetched(tmp_path) == [number for number in range(100) if number not in (3, 10)]
    assert (tmp_path / f'train/{name(8)}.mp4').is_file()
    assert (tmp_path / f'test/{name(9)}.mp4').is_file()
    lines = (tmp_path / UNAVAILABLE).read_text().splitlines()
    assert lines[0] == 'clip,reason'
    reason = '"{:011d}: Video unavailable, ""private"""'
    assert sorted(lines[1:]) == [f'{name(n)},{reason.format(n)}' for n in (3, 10)]


def test_nothing_is_asked_for_twice(server, youtube, tmp_path):
    youtube.lacks = {3, 10}
    download_vggsound(tmp_path, server.url)
    (tmp_path / f'train/{name(8)}.mp4').unlink()
    youtube.asked.clear()
    download_vggsound(tmp_path, server.url)
    assert youtube.asked == [8]
    youtube.lacks = {3}
    youtube.asked.clear()
    download_vggsound(tmp_path, server.url, retry=True)
    assert sorted(youtube.asked) == [3, 10]
    assert len((tmp_path / UNAVAILABLE).read_text().splitlines()) == 2


def test_the_next_clip_of_a_class_takes_the_place(server, youtube, tmp_path):
    youtube.lacks = {0, 8, 5}  # the classes of a part are every fourth
    download_vggsound(tmp_path, server.url, per_class=2)
    assert fetched(tmp_path) == sorted([4, 12, 2, 6, 1, 9, 3, 7])
    youtube.asked.clear()
    download_vggsound(tmp_path, server.url, per_class=3, parts=('test',))
    assert sorted(youtube.asked) == [11, 13]
    assert fetched(tmp_path) == sorted([4, 12, 2, 6, 1, 9, 13, 3, 7, 11])


def test_classes_may_have_too_few(server, youtube, tmp_path):
    rows = server.files['vggsound.csv'].splitlines()
    server.files['vggsound.csv'] = b'\n'.join(rows[: 4 * ROW - 4])  # a row fewer than stop it
    youtube.lacks = set(range(0, 100, 4))
    download_vggsound(tmp_path, server.url, per_class=1)
    assert fetched(tmp_path) == [1, 2, 3]


def test_locked_out(server, youtube, tmp_path):
    """So many in a row are not noted as unavailable; those before the last that came are."""
    youtube.lacks = {4, *range(20, 100)}
    with pytest.raises(DataError, match=rf'The last {ROW} clips could not be had: .*`--cookies`'):
        download_vggsound(tmp_path, server.url, workers=1)
    lines = (tmp_path / UNAVAILABLE).read_text().splitlines()
    assert [line.partition(',')[0] for line in lines] == ['clip', name(4)]
    youtube.lacks = {4}
    download_vggsound(tmp_path, server.url)
    assert len(fetched(tmp_path)) == 99


@pytest.mark.parametrize('content', [b'<html>Sign in</html>', b''])
def test_lists_that_are_none(server, youtube, tmp_path, content):
    server.files['vggsound.csv'] = content
    with pytest.raises(DataError, match=r'vggsound\.csv is no list of VGGSound'):
        download_vggsound(tmp_path, server.url)
    assert not (tmp_path / 'vggsound.csv').exists()


def test_clips_that_can_be_prepared(server, youtube, tmp_path, make_video, prepared):
    youtube.content = make_video('clip.mp4', seconds=0.4, size=(32, 32)).read_bytes()
    download_vggsound(tmp_path / 'raw', server.url, per_class=1)
    assert prepared(VGGSound(), tmp_path / 'raw') == dict(train=2, test=2)
