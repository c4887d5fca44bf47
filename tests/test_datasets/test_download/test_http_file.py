from collections import namedtuple
from hashlib import sha256
from socket import socket

import numpy as np
import pytest

from mmavssl.datasets.download.http_file import TRIES, fetch_file
from mmavssl.utils.errors import DataError

CONTENT = np.random.default_rng(0).bytes(2_500_000)


@pytest.fixture
def path(server, tmp_path):
    server.files['a/clips.zip'] = CONTENT
    return tmp_path / 'raw/clips.zip'


def fetch(server, path, **options):
    fetch_file(f'{server.url}a/clips.zip', path, **options)


def part_of(path):
    return path.with_name('clips.zip.part')


def leave_part(path, content):
    path.parent.mkdir()
    part_of(path).write_bytes(content)


def test_a_file_is_there_when_it_is_whole(server, path):
    fetch(server, path, sha256=sha256(CONTENT).hexdigest())
    assert path.read_bytes() == CONTENT
    assert [each.name for each in path.parent.iterdir()] == ['clips.zip']
    assert server.asked == [('a/clips.zip', None)]


def test_goes_on_from_what_is_there(server, path):
    leave_part(path, CONTENT[:1_000_001])
    fetch(server, path)
    assert path.read_bytes() == CONTENT
    assert server.asked == [('a/clips.zip', 'bytes=1000001-')]


def test_connections_that_break(server, path):
    server.breaks = 300_000
    fetch(server, path)
    assert path.read_bytes() == CONTENT
    begins = [0, *range(300_000, 2_500_000, 300_000)]
    assert [asked for _, asked in server.asked] == [(b and f'bytes={b}-') or None for b in begins]


def test_servers_without_ranges(server, path):
    server.ranges = False
    leave_part(path, b'x' * 1000)
    fetch(server, path)
    assert path.read_bytes() == CONTENT


def test_servers_without_ranges_that_break(server, path):
    server.ranges, server.breaks = False, 300_000
    with pytest.raises(DataError, match=r'ended at byte 300,000 of 2,500,000, 5 times in a row'):
        fetch(server, path)
    assert len(server.asked) == TRIES + 1  # the first one brought something
    assert not path.exists()


def test_stopped_before_the_name(server, path):
    leave_part(path, CONTENT)
    fetch(server, path)
    assert path.read_bytes() == CONTENT


def test_part_of_a_longer_file(server, path):
    leave_part(path, CONTENT + b'more')
    fetch(server, path)
    assert path.read_bytes() == CONTENT


def test_busy_servers(server, path):
    server.refuses = [503, 429, 500]
    fetch(server, path)
    assert path.read_bytes() == CONTENT


def test_servers_that_stay_busy(server, path):
    server.refuses = [503] * 100
    with pytest.raises(DataError, match=r'/a/clips\.zip: .*, 5 times in a row\. Check the conn'):
        fetch(server, path)
    assert len(server.asked) == TRIES


def test_nobody_answers(server, path):
    with socket() as bound:  # and does not listen
        bound.bind(('127.0.0.1', 0))
        url = f'http://127.0.0.1:{bound.getsockname()[1]}/clips.zip'
        with pytest.raises(DataError, match=r'refused, 5 times in a row\. Check the connection'):
            fetch_file(url, path)


@pytest.mark.parametrize('status', [403, 404])
def test_what_is_refused_is_asked_for_once(server, path, status):
    server.refuses = [status]
    with pytest.raises(DataError, match=rf'clips\.zip: the server says {status} .*`--base'):
        fetch(server, path)
    assert len(server.asked) == 1


def test_another_file_than_the_published_one(server, path):
    found = sha256(CONTENT).hexdigest()
    with pytest.raises(DataError, match=rf'its sha256 is {found}, not 0{{64}}'):
        fetch(server, path, sha256='0' * 64)
    assert not list(path.parent.iterdir())


def test_no_room(server, path, monkeypatch):
    usage = namedtuple('usage', 'free')
    monkeypatch.setattr('shutil.disk_usage', lambda folder: usage(2_499_999))
    with pytest.raises(DataError, match=r'raw: http.*clips\.zip takes 0\.0 GB, and .* free\.'):
        fetch(server, path)


def test_places_that_cannot_be_written(server, path):
    part_of(path).mkdir(parents=True)
    with pytest.raises(IsADirectoryError):
        fetch(server, path)


@pytest.mark.parametrize(
    ('url', 'message'),
    [
        ('nowhere/clips.zip', 'unknown url type'),
        ('http://a b/clips.zip', "URL can't contain control characters"),
        ('file:///none/clips.zip', 'No such file'),
    ],
)
def test_urls_that_are_none(tmp_path, url, message):
    with pytest.raises(DataError, match=f'^{url}: .*{message}'):
        fetch_file(url, tmp_path / 'clips.zip')


def test_files_of_this_machine(tmp_path):
    (tmp_path / 'a.bin').write_bytes(CONTENT)
    fetch_file((tmp_path / 'a.bin').as_uri(), tmp_path / 'b.bin')
    assert (tmp_path / 'b.bin').read_bytes() == CONTENT
