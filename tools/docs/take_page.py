"""Take a picture of a page, as a browser shows it.

Examples:
    python tools/docs/take_page.py work_dirs/asl_mix/avsprites_2shot/report.html report.png
    python tools/docs/take_page.py http://127.0.0.1:7860 demo.png --example ball_bell_0000.mp4

A page is a file, or an address at which tools/demo.py serves. One that tells a whole path of this
machine is refused.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mmavssl.utils.cli import run_tool
from mmavssl.utils.cli_types import given_path
from mmavssl.utils.guarded_output import guarded_output

if TYPE_CHECKING:
    from playwright.sync_api import Page

SIZE = (1200, 1000)
SECONDS = 300  # of a slow machine
#: Playwright's own Chromium plays no H.264, and these do.
BROWSERS = ('chromium', 'google-chrome')
#: A path from the root, and not the end of an address or of another path.
WHOLE_PATH = re.compile(r'(?<![\w.:/])/\w[\w.-]*/[\w./-]+')
PLAYABLE = "() => [...document.querySelectorAll('video')].every(each => each.readyState > 1)"


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('page', help='HTML file, or address')
    parser.add_argument('out', type=given_path, help='picture to write (.png)')
    parser.add_argument(
        '--size', nargs=2, type=int, metavar=('WIDTH', 'HEIGHT'), default=SIZE,
        help=f'of the window, in pixels (default: {SIZE[0]} {SIZE[1]})',
    )  # fmt: skip
    parser.add_argument('--example', metavar='CLIP', help='example to predict on the demo page')
    return parser.parse_args(argv)


@contextmanager
def open_tab(width: int, height: int) -> Iterator[Page]:
    """Yield a tab of a headless browser.

    Raises:
        ConfigError: Playwright or a browser is not installed.
    """
    from mmavssl.utils.errors import ConfigError

    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise ConfigError(
            'Pictures of pages need Playwright, which is not installed: pip install playwright.'
        ) from error
    browser_file = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser_file is None:
        raise ConfigError(
            f'Pictures of pages need a browser, and none of {", ".join(BROWSERS)} is on the path: '
            'apt-get install chromium.'
        )
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=browser_file, args=['--no-sandbox'])
        size = {'width': width, 'height': height}
        tab = browser.new_page(viewport=size, color_scheme='light')
        tab.set_default_timeout(SECONDS * 1000)
        yield tab
        browser.close()


def predict_example(tab: Page, name: str) -> None:
    """Let the demo page predict one of its examples, and wait for all of the answer.

    Raises:
        ConfigError: it does not come.
    """
    from playwright.sync_api import TimeoutError

    from mmavssl.utils.errors import ConfigError

    tab.click(f'text={name}')
    tab.wait_for_selector('video')
    tab.wait_for_function(PLAYABLE)
    tab.click('#predict')
    try:
        for part in ('#classes >> text=%', '#heard video', '#masks img'):
            tab.wait_for_selector(part)
        tab.wait_for_function(PLAYABLE)
    except TimeoutError as error:
        said = ' '.join(tab.inner_text('#message').split()) or 'nothing'
        raise ConfigError(
            f'The page shows no answer within {SECONDS} s; its message: {said}.'
        ) from error


def refuse_paths(text: str) -> None:
    """Raise a ConfigError where a page tells a whole path."""
    from mmavssl.utils.errors import ConfigError

    if found := WHOLE_PATH.search(text):
        raise ConfigError(f'The page shows {found[0]}, a path of this machine. Use relative ones.')


def take(args: argparse.Namespace) -> None:
    """Open the page, and write what it shows."""
    from mmavssl.utils.errors import ConfigError

    address = args.page
    if '://' not in address:
        if not Path(address).is_file():
            raise ConfigError(f'{address} is neither a file nor an address.')
        address = Path(address).resolve().as_uri()
    with open_tab(*args.size) as tab:
        tab.goto(address)
        if args.example:
            predict_example(tab, args.example)
        refuse_paths(tab.inner_text('body'))
        args.out.parent.mkdir(parents=True, exist_ok=True)
        tab.screenshot(path=str(args.out))
    print(args.out)


@guarded_output()
def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool and return its exit status."""
    return run_tool('take_page', take, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
