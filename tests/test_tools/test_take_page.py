"""Pictures of pages; the browser's part where Playwright and Chromium are there."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from mmavssl.utils.errors import ConfigError

ROOT = Path(__file__).parents[2]
#: Set where pages have to be tested: what is missing for it is an error then.
NEEDED = bool(os.environ.get('MMAVSSL_TEST_BROWSER'))


@pytest.fixture
def tool(monkeypatch):
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')  # the tool sets these two
    monkeypatch.setenv('LOCAL_RANK', '0')
    spec = importlib.util.spec_from_file_location('take_page', ROOT / 'tools/docs/take_page.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def page(tmp_path) -> Path:
    file = tmp_path / 'page.html'
    file.write_text('<body style="background: rgb(0, 0, 255)">words</body>')
    return file


def test_without_playwright(tool, page, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, 'playwright.sync_api', None)
    assert tool.main([str(page), str(tmp_path / 'a.png')]) == 2
    assert capsys.readouterr().err == (
        'take_page: Pictures of pages need Playwright, which is not installed: '
        'pip install playwright.\n'
    )


def test_without_a_browser(tool, page, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, 'playwright', SimpleNamespace())
    monkeypatch.setitem(
        sys.modules, 'playwright.sync_api', SimpleNamespace(sync_playwright=None)
    )
    monkeypatch.setattr('shutil.which', lambda name: None)
    assert tool.main([str(page), str(tmp_path / 'a.png')]) == 2
    assert 'none of chromium, google-chrome is on the path' in capsys.readouterr().err


def test_no_page(tool, capsys):
    assert tool.main(['a.html', 'a.png']) == 2
    assert capsys.readouterr().err == 'take_page: a.html is neither a file nor an address.\n'


@pytest.mark.parametrize('text', ['left out: /home/someone/run has', '"/tmp/x/y.png"', '\n/a/b'])
def test_whole_paths_are_refused(tool, text):
    with pytest.raises(ConfigError, match='a path of this machine'):
        tool.refuse_paths(text)


@pytest.mark.parametrize(
    'text', ['work_dirs/a/b.pth', 'http://127.0.0.1:7860/a/b', '3 / 4', 'and/or', '../a/b']
)
def test_other_texts_are_not(tool, text):
    tool.refuse_paths(text)


@pytest.fixture
def _browser(tool):
    if NEEDED:
        return
    pytest.importorskip('playwright.sync_api')
    if not any(map(shutil.which, tool.BROWSERS)):
        pytest.skip('there is no Chromium')


@pytest.mark.usefixtures('_browser')
def test_a_page(tool, page, tmp_path, capsys):
    out = tmp_path / 'new/a.png'
    assert tool.main([str(page), str(out), '--size', '300', '200']) == 0
    picture = Image.open(out).convert('RGB')
    assert picture.size == (300, 200)
    assert picture.getpixel((299, 199)) == (0, 0, 255)
    page.write_text('in /home/someone/run')
    out.unlink()
    assert tool.main([str(page), str(out)]) == 2
    assert 'shows /home/someone/run' in capsys.readouterr().err
    assert not out.exists()
