"""The page in a headless browser; where Gradio, Playwright and Chromium are there."""

import importlib
import os
import shutil
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import cv2
import numpy as np
import pytest

from mmavssl.apis import AVActionInferencer
from mmavssl.apis.demo.page import (
    NOTHING,
    Answer,
    import_gradio,
    launch_settings,
    make_page,
    show,
)
from mmavssl.apis.demo.service import DemoService
from mmavssl.apis.demo.upload import UploadLimits, check_upload
from mmavssl.utils.errors import ConfigError, DataError, NumericalError
from tests.small_predictor import CENTER, class_names, small_config, write_checkpoint

CHROMIUM = shutil.which('chromium') or shutil.which('google-chrome')
#: Set where the page has to be tested: what is missing for it is an error then.
NEEDED = bool(os.environ.get('MMAVSSL_TEST_BROWSER'))
LIMITS = UploadLimits(megabytes=1, seconds=30)


def test_without_gradio(monkeypatch):
    monkeypatch.setitem(__import__('sys').modules, 'gradio', None)
    with pytest.raises(ConfigError, match=r"pip install 'mmavssl\[demo\]'"):
        import_gradio()


def test_what_goes_into_the_page():
    answer = Answer({'dog': 1.0}, 'a.mp4', None, 'a remark')
    assert show(lambda clip: answer, 'a.mp4') == ('', 'a remark', {'dog': 1.0}, 'a.mp4', None)
    assert show(lambda clip: answer, None) == (NOTHING, '', None, None, None)


@pytest.mark.parametrize('kind', [DataError, ConfigError, NumericalError])
def test_errors_of_ours_are_messages(kind):
    def ask(clip):
        raise kind(f'{clip} is broken')

    assert show(ask, 'a.mp4') == ('a.mp4 is broken', '', None, None, None)


def test_bugs_are_not_hidden():
    with pytest.raises(KeyError):
        show(lambda clip: {}[clip], 'a.mp4')


def import_or_skip(name):
    """Import what only the page needs."""
    return importlib.import_module(name) if NEEDED else pytest.importorskip(name)


@pytest.fixture(scope='module')
def clips(avsprites_root):
    return sorted(avsprites_root.rglob('*.mp4'))[:3]


@pytest.fixture
def clip(clips):
    return clips[0]


@pytest.mark.parametrize(('megabytes', 'expected'), [(1, 2**20), (0.5, 2**19), (12.5, 13107200)])
def test_largest_upload_in_bytes(megabytes, expected):
    limits = UploadLimits(megabytes, seconds=30)
    assert launch_settings('127.0.0.1', 0, limits)['max_file_size'] == expected


@contextmanager
def serving(ask, example, folder, topk):
    """Serve a page whose files are in a folder, and give its address."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('GRADIO_TEMP_DIR', str(folder))
        page = make_page(ask, 'a demo', [example], LIMITS, topk=topk)
        settings = launch_settings('127.0.0.1', 0, LIMITS)
        _, address, _ = page.launch(**settings, prevent_thread_lock=True, quiet=True)
        yield address
        page.close()
    left = {path.name for path in folder.rglob('*.mp4')}
    assert left <= {Path(example).name}  # no upload is kept


@pytest.fixture(scope='module')
def served(clips, tmp_path_factory):
    """The address of the page of a model that always says the same."""
    import_or_skip('gradio')
    _, example, video = clips
    video = shutil.copy(video, tmp_path_factory.mktemp('answers') / 'heard.mp4')

    def ask(path):
        check_upload(path, LIMITS, needs_sound=True)
        picture = np.full((40, 60, 3), 90, np.uint8)
        return Answer({'dog': 0.7, 'cat': 0.2, 'horn': 0.1}, str(video), picture, 'one of two')

    with serving(ask, example, tmp_path_factory.mktemp('gradio'), topk=2) as address:
        yield address


@pytest.fixture(scope='module')
def browser():
    if CHROMIUM is None and not NEEDED:
        pytest.skip('there is no Chromium')
    playwright = import_or_skip('playwright.sync_api')
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=['--no-sandbox'])
        yield browser
        browser.close()


def open_tab(browser, address):
    tab = browser.new_page()
    tab.set_default_timeout(20_000)
    tab.goto(address)
    return tab


@pytest.fixture
def browser_tab(browser, served):
    tab = open_tab(browser, served)
    yield tab
    tab.close()


def color(tab, text):
    return tab.locator(f'p:has-text("{text}")').evaluate('each => getComputedStyle(each).color')


def send(tab, path):
    tab.set_input_files('input[type=file]', str(path))
    tab.wait_for_selector('[data-testid="clip-player"], video, .toast-body')


def test_a_clip_and_what_is_said_of_it(browser_tab, clip, tmp_path):
    send(browser_tab, clip)
    browser_tab.click('#predict')
    browser_tab.wait_for_selector('#classes >> text=70%')
    said = browser_tab.inner_text('#classes')
    assert 'dog' in said
    assert 'horn' not in said  # the page shows two classes
    assert browser_tab.inner_text('#message').strip() == ''
    assert browser_tab.inner_text('#remark').strip() == 'one of two'
    assert color(browser_tab, 'one of two') == color(browser_tab, 'At most 1 MB and 30 s.')
    browser_tab.wait_for_selector('#heard video')
    browser_tab.wait_for_selector('#masks img')
    browser_tab.wait_for_selector('#masks button[aria-label*=ullscreen]')
    assert not browser_tab.query_selector('button[aria-label*=hare]')
    browser_tab.screenshot(path=str(tmp_path / 'page.png'))
    assert (tmp_path / 'page.png').stat().st_size > 10_000


@pytest.fixture
def service(avsprites_root, clips, tmp_path):
    cfg = small_config(avsprites_root, localizer=CENTER)
    weights = write_checkpoint(tmp_path / 'a.pth', cfg, class_names(avsprites_root))
    inferencer = AVActionInferencer(weights=weights, views='fast', show_progress=False)
    (tmp_path / 'gradio').mkdir()
    return DemoService(inferencer, LIMITS, tmp_path / 'gradio', clips[1:2])


def test_a_clip_and_what_the_model_makes_of_it(browser, service, clips, tmp_path):
    import_or_skip('gradio')
    clip, example, _ = clips
    expected = service(str(clip))
    Path(expected.video).unlink()  # the page has not answered with it
    with serving(service, example, service.folder, topk=5) as address:
        tab = open_tab(browser, address)
        send(tab, clip)
        tab.click('#predict')
        tab.wait_for_function('document.querySelector("#heard video")?.videoWidth > 0')
        tab.wait_for_function('document.querySelector("#masks img")?.naturalWidth > 0')
        assert tab.inner_text('#message').strip() == ''
        _, best, *said = tab.inner_text('#classes').split('\n')
        file = urllib.request.urlopen(tab.get_attribute('#masks img', 'src')).read()
        tab.screenshot(path=str(tmp_path / 'page.png'), full_page=True)
        tab.close()
    rows = [(name, f'{100 * score:.0f}%') for name, score in expected.scores.items()]
    assert list(zip(said[::2], said[1::2], strict=True)) == rows
    assert best == rows[0][0]
    picture = cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    assert picture.shape == expected.masks.shape
    assert np.abs(picture.astype(int) - expected.masks).mean() < 5  # it has been compressed
    assert (tmp_path / 'page.png').stat().st_size > 100_000


def test_a_file_that_is_no_video(browser_tab, tmp_path):
    noise = tmp_path / 'noise.mp4'
    noise.write_bytes(b'no video' * 99)
    send(browser_tab, noise)
    browser_tab.click('#predict')
    browser_tab.wait_for_selector('#message >> text=noise.mp4 cannot be used')
    assert '%' not in browser_tab.inner_text('#classes')


def test_a_file_that_is_too_large(browser_tab, tmp_path):
    large = tmp_path / 'large.mp4'
    large.write_bytes(bytes(2 * 2**20))
    send(browser_tab, large)
    browser_tab.wait_for_selector('text=exceed the maximum allowed size')


def test_an_example(browser_tab, clips):
    browser_tab.click(f'text={clips[1].name}')
    browser_tab.wait_for_selector('video')
    browser_tab.click('#predict')
    browser_tab.wait_for_selector('#classes >> text=70%')


def test_no_file(browser_tab):
    browser_tab.click('#predict')
    browser_tab.wait_for_selector(f'#message >> text={NOTHING}')
    assert color(browser_tab, NOTHING) == 'rgb(176, 0, 32)'


@pytest.mark.parametrize(
    'path',
    ['/etc/passwd', str(Path(__file__).resolve()), '../../etc/passwd', '/proc/self/environ'],
)
def test_other_files_of_the_machine_are_not_served(served, path):
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(f'{served}gradio_api/file={quote(path)}')
    assert error.value.code in (403, 404)


def test_listens_at_this_machine_alone(served):
    assert served.startswith('http://127.0.0.1:')
