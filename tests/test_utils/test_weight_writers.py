import os
import stat

import pytest
import torch

from mmavssl.utils.errors import ConfigError
from mmavssl.utils.weight_files import read_weight_file
from mmavssl.utils.weight_writers import check_out, write_weight_file


@pytest.mark.parametrize('name', ['a.npz', 'a.safetensors', 'a.pth', 'a.pyth'])
def test_what_is_written_is_read(tmp_path, name):
    content = {'a/b': torch.arange(6.0).view(2, 3).T, 'c': torch.ones(1, dtype=torch.half)}
    path = tmp_path / 'new' / name
    write_weight_file(path, content)
    read = read_weight_file(str(path))
    torch.testing.assert_close(read, content, rtol=0, atol=0)


@pytest.mark.parametrize('umask', [0o022, 0o007])
@pytest.mark.parametrize('name', ['a.npz', 'a.safetensors', 'a.pth'])
def test_who_may_read(tmp_path, name, umask):
    before = os.umask(umask)
    try:
        write_weight_file(tmp_path / name, {'a': torch.ones(3)})
        (tmp_path / 'other').touch()
    finally:
        os.umask(before)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {0o666 & ~umask}


def test_what_would_be_lost(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'in.pth').touch()
    (tmp_path / 'folder.pth').mkdir()
    os.symlink('in.pth', 'link.pth')
    for out in ('in.pth', './in.pth', 'link.pth', 'folder.pth'):
        with pytest.raises(ConfigError, match='is a folder, or IN itself'):
            check_out(out, 'in.pth')
    assert check_out('out.pth', 'in.pth').name == 'out.pth'
    assert check_out('in.pth', 'timm://in.pth').name == 'in.pth'


def test_suffix():
    with pytest.raises(ConfigError, match=r'end with \.pth or \.pyth or \.pt, but got out\.npz'):
        check_out('out.npz', 'in.pth')
    check_out('out.npz', 'in.pth', ('.npz',))


def test_numbers_that_npz_cannot_hold(tmp_path):
    content = {'a': torch.ones(1), 'b': torch.ones(1, dtype=torch.bfloat16)}
    with pytest.raises(ConfigError, match=r'x\.npz cannot hold numbers of bfloat16 \(b\)'):
        write_weight_file(tmp_path / 'x.npz', content)
    assert list(tmp_path.iterdir()) == []
