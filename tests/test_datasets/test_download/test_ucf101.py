import hashlib

import pytest

from mmavssl.datasets.download.ucf101 import ARCHIVE, download_ucf101
from mmavssl.datasets.preparation.ucf51 import UCF51
from mmavssl.utils.errors import DataError
from tests.test_datasets.test_download.packing import zip_of


@pytest.fixture
def archive(server, make_video):
    video = make_video('clip.mp4', seconds=0.4, size=(32, 32)).read_bytes()
    groups = [f'UCF101/v_Archery_g{group:02d}_c01.avi' for group in (1, 8, 9)]
    server.files[ARCHIVE] = zip_of(dict.fromkeys(groups, video))
    return hashlib.sha256(server.files[ARCHIVE]).hexdigest()


def test_videos_that_can_be_prepared(server, archive, tmp_path, prepared):
    said = download_ucf101(tmp_path / 'raw', server.url, archive)
    assert said == f'{tmp_path}/raw has 3 files.'
    assert prepared(UCF51(), tmp_path / 'raw') == dict(train=2, test=1)
    assert 'already' in download_ucf101(tmp_path / 'raw', server.url, archive)
    assert len(server.asked) == 1


def test_only_the_published_archive(server, archive, tmp_path):
    with pytest.raises(DataError, match='not the file that was published'):
        download_ucf101(tmp_path, server.url)
    assert not list(tmp_path.glob('*.avi'))
