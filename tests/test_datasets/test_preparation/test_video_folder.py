import pytest

from mmavssl.datasets.preparation.video_folder import path_prefix
from mmavssl.utils import ConfigError


@pytest.fixture
def folders(tmp_path):
    raw, out = tmp_path / 'raw', tmp_path / 'data/set'
    raw.mkdir()
    out.mkdir(parents=True)
    return raw, out


def test_link(folders):
    raw, out = folders
    for _ in range(2):
        assert path_prefix(raw, out, 'videos') == 'videos/'
    assert (out / 'videos').resolve() == raw
    assert path_prefix(out / 'videos', out, 'videos') == 'videos/'


def test_videos_below_the_lists_need_no_link(folders):
    _, out = folders
    (out / 'a/b').mkdir(parents=True)
    assert path_prefix(out, out, 'videos') == ''
    assert path_prefix(out / 'a/b', out, 'videos') == 'a/b/'
    assert sorted(path.name for path in out.iterdir()) == ['a']


def test_absolute(folders):
    raw, out = folders
    assert path_prefix(raw, out, 'videos', absolute=True) == f'{raw}/'
    assert not list(out.iterdir())


@pytest.mark.parametrize('kind', ['folder', 'other link', 'broken link'])
def test_something_else_has_the_name(folders, kind):
    raw, out = folders
    if kind == 'folder':
        (out / 'videos').mkdir()
    else:
        (out / 'videos').symlink_to(out if kind == 'other link' else out / 'nowhere')
    with pytest.raises(ConfigError, match=f'{out}/videos is not a link to {raw}. Remove it'):
        path_prefix(raw, out, 'videos')


def test_no_links_on_this_disk(folders, monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError(1, 'Operation not permitted')

    monkeypatch.setattr('os.symlink', refuse)
    with pytest.raises(ConfigError, match=r'Operation not permitted\. Write absolute paths'):
        path_prefix(*folders, 'videos')
