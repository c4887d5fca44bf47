import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tool():
    path = ROOT / 'tools/data/download.py'
    spec = importlib.util.spec_from_file_location('tools_download', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_options_reach_the_data_set(tool, monkeypatch, capsys, tmp_path):
    calls = []

    def take(folder, **options):
        calls.append((folder, options))
        return f'{folder} has it.'

    monkeypatch.setattr('mmavssl.datasets.download.ucf101.download_ucf101', take)
    monkeypatch.setattr('mmavssl.datasets.download.k400.download_k400', take)
    monkeypatch.setattr('mmavssl.datasets.download.vggsound.download_vggsound', take)
    assert tool.main(['ucf101', 'raw/u', '--keep']) == 0
    assert capsys.readouterr().out == (
        'raw/u has it.\nNext: python tools/data/prepare_ucf51.py raw/u data/ucf51\n'
    )
    assert tool.main(['k400', 'raw/k', '--parts', 'val', '--base-url', 'http://x/y']) == 0
    words = '--per-class 3 --height 144 --cookies c.txt --retry --workers 2 --video-url h/{id}'
    assert tool.main(['vggsound', 'raw/v', *words.split()]) == 0
    (_, ucf101), (_, k400), (folder, vggsound) = calls
    assert ucf101 == {'keep': True}
    assert k400 == {'parts': ['val'], 'keep': False, 'base_url': 'http://x/y/'}
    assert folder == Path('raw/v')
    options = vggsound.pop('options')
    assert vggsound == {'parts': ('train', 'test'), 'per_class': 3, 'workers': 2, 'retry': True}
    assert (options.height, options.cookies, options.video_url, options.seconds) == (
        144, Path('c.txt'), 'h/{id}', 10,
    )  # fmt: skip


def test_mistakes_are_one_line(tool, capsys, tmp_path):
    assert tool.main(['ucf101', str(tmp_path), '--base-url', 'nowhere']) == 2
    [line] = capsys.readouterr().err.splitlines()
    file = 'nowhere/UCF101_videos.zip'
    assert line == f'download: {file}: unknown url type: {file!r}.'


def test_ctrl_c(tool, capsys, monkeypatch, tmp_path):
    def stopped(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr('mmavssl.datasets.download.ucf101.fetch_unpacked', stopped)
    assert tool.main(['ucf101', str(tmp_path)]) == 130
    assert 'goes on from here' in capsys.readouterr().err


def test_words_that_are_wrong():
    done = subprocess.run(
        [sys.executable, 'tools/data/download.py', 'vggsound', 'x', '--workers', '0'],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2
    assert "argument --workers: expected 1 or more, but got '0'" in done.stderr
