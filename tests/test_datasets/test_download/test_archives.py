import tarfile

import pytest

from mmavssl.datasets.download import room
from mmavssl.datasets.download.archives import fetch_unpacked, unpack
from mmavssl.utils.errors import DataError
from tests.test_datasets.test_download.packing import tar_of, zip_of

FILES = {'a/one.mp4': b'1' * 5000, 'two.mp4': b'22', 'a/b c/ü.mp4': b''}


def contents(folder):
    paths = [path for path in folder.rglob('*') if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture
def packed(tmp_path):
    def write(content):
        (tmp_path / 'clips').write_bytes(content)
        return tmp_path / 'clips'

    return write


@pytest.mark.parametrize(
    'content', [zip_of(FILES), tar_of(FILES), tar_of(FILES, 'w'), tar_of(FILES, 'w:xz')]
)
def test_files_of_an_archive(packed, tmp_path, content):
    assert unpack(packed(content), tmp_path / 'out') == 3
    assert contents(tmp_path / 'out') == FILES


def test_folders_are_no_files(packed, tmp_path):
    assert unpack(packed(tar_of({'a': b''}, type=tarfile.DIRTYPE)), tmp_path / 'out') == 0
    assert unpack(packed(zip_of({'b/': b''})), tmp_path / 'out') == 0


@pytest.mark.parametrize('make', [zip_of, tar_of])
@pytest.mark.parametrize(
    'name', ['../evil.mp4', '/tmp/evil.mp4', 'a/../../evil.mp4', '..\\evil.mp4']
)
def test_no_file_outside_of_the_folder(packed, tmp_path, make, name):
    with pytest.raises(DataError, match=r'clips: .*evil.*outside of the folder'):
        unpack(packed(make({name: b'x'})), tmp_path / 'out')
    assert set(contents(tmp_path)) == {'clips'}


@pytest.mark.parametrize('kind', [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_members_that_are_no_files(packed, tmp_path, kind):
    archive = packed(tar_of({'link.mp4': b''}, type=kind, linkname='/etc/passwd'))
    with pytest.raises(DataError, match=r"'link\.mp4' is neither file nor folder"):
        unpack(archive, tmp_path / 'out')
    assert not list((tmp_path / 'out').iterdir())


@pytest.mark.parametrize(
    'content',
    [tar_of(FILES)[:-40], b'no archive', b'', zip_of(FILES).replace(b'22', b'23')],
    ids=['cut', 'other', 'empty', 'changed'],
)
def test_damage(packed, tmp_path, content):
    with pytest.raises(DataError, match=r'clips is damaged \(.+\)\. Remove it'):
        unpack(packed(content), tmp_path / 'out')


def test_no_room(packed, tmp_path, monkeypatch):
    usage = type('Usage', (), {'free': 5001})
    monkeypatch.setattr(room.shutil, 'disk_usage', lambda folder: usage)
    with pytest.raises(DataError, match=r'out: what clips holds takes 0\.0 GB'):
        unpack(packed(zip_of(FILES)), tmp_path / 'out')


@pytest.mark.parametrize('keep', [False, True])
def test_what_is_unpacked_is_not_fetched_again(server, tmp_path, keep):
    server.files['x/part_0.tar.gz'] = tar_of(FILES)
    url = f'{server.url}x/part_0.tar.gz'
    assert fetch_unpacked(url, tmp_path, keep=keep) == 3
    assert fetch_unpacked(url, tmp_path, keep=keep) is None
    assert len(server.asked) == 1
    assert (tmp_path / 'part_0.tar.gz').exists() == keep
    assert FILES.items() <= contents(tmp_path).items()


def test_stopped_while_unpacking(server, tmp_path):
    (tmp_path / 'part_0.tar.gz').write_bytes(tar_of(FILES))
    (tmp_path / 'two.mp4').write_bytes(b'2')
    assert fetch_unpacked(f'{server.url}part_0.tar.gz', tmp_path) == 3
    assert not server.asked
    assert contents(tmp_path) == {**FILES, 'part_0.tar.gz.unpacked': b''}
