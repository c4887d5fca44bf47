import pytest

from mmavssl.datasets.download.k400 import REPLACEMENT, download_k400
from mmavssl.datasets.preparation.k400 import K400
from mmavssl.utils.errors import DataError
from tests.test_datasets.test_download.packing import tar_of

HEADER = 'label,youtube_id,time_start,time_end,split\n'


@pytest.fixture
def files(server, make_video):
    """Two archives of one part, one of the other, and a whole copy of a clip that is damaged."""
    video = make_video('clip.mp4', seconds=0.4, size=(32, 32)).read_bytes()
    clip = '{}_000010_000020.mp4'.format
    server.files.update({
        'annotations/train.csv': (
            f'{HEADER}abseiling,aaaaaaaaaa1,10,20,train\n"yoga",aaaaaaaaaa2,10,20,train\n'
            'yoga,aaaaaaaaaa3,10,20,train\n'
        ).encode(),
        'annotations/val.csv': f'{HEADER}yoga,aaaaaaaaaa4,10,20,val\n'.encode(),
        # The lists name a server, wherever they are.
        'train/k400_train_path.txt': b'https://a.org/k/train/part_0.tar.gz\n'
        b'https://a.org/k/train/part_1.tar.gz\n',
        'val/k400_val_path.txt': b'https://a.org/k/val/part_0.tar.gz\n',
        'train/part_0.tar.gz': tar_of({f'./{clip("aaaaaaaaaa1")}': video}),
        'train/part_1.tar.gz': tar_of({
            f'./{clip("aaaaaaaaaa2")}': video[:100], f'./{clip("aaaaaaaaaa3")}': video,
        }),
        'val/part_0.tar.gz': tar_of({f'./{clip("aaaaaaaaaa4")}': video}),
        REPLACEMENT: tar_of({f'replacement_for_corrupted_k400/{clip("aaaaaaaaaa2")}': video}),
    })  # fmt: skip
    return server.files


def test_clips_that_can_be_prepared(server, files, tmp_path, prepared):
    said = download_k400(tmp_path / 'raw', server.url)
    assert said.endswith('has the files of 2 archives of train, 1 archives of val, and the '
                         'replacements.')  # fmt: skip
    assert prepared(K400(), tmp_path / 'raw') == dict(train=3, test=1)
    assert 'replacement/' in (tmp_path / 'own/manifest_train.csv').read_text()


def test_goes_on_with_the_archives_that_lack(server, files, tmp_path):
    whole = files.pop('train/part_1.tar.gz')
    with pytest.raises(DataError, match=r'train/part_1\.tar\.gz: the server says 404'):
        download_k400(tmp_path, server.url)
    files['train/part_1.tar.gz'] = whole
    server.asked.clear()
    download_k400(tmp_path, server.url, parts=('train',))
    assert [path for path, _ in server.asked] == ['train/part_1.tar.gz', REPLACEMENT]
    assert not list(tmp_path.rglob('*.tar.gz'))


@pytest.mark.parametrize('content', [b'<html>Sign in</html>', b''])
def test_lists_that_are_none(server, files, tmp_path, content):
    files['train/k400_train_path.txt'] = content
    with pytest.raises(DataError, match=r'k400_train_path\.txt is no list of archives'):
        download_k400(tmp_path, server.url)
    assert not list(tmp_path.glob('*.txt'))
