"""Pictures of the pages are from real runs: docs/images/pictures.json says which."""

from __future__ import annotations

import json
import re

import pytest

from mmavssl.utils.file_hash import sha256_of
from tests.test_docs.blocks import PAGES, ROOT, read_command
from tests.test_docs.command_check import check_command
from tests.test_docs.test_links import LINK, prose

IMAGES = ROOT / 'docs/images'
FACTS = json.loads((IMAGES / 'pictures.json').read_text())
SHOWN = {
    (ROOT / page).parent.joinpath(target).resolve()
    for page in PAGES
    for target in LINK.findall(prose((ROOT / page).read_text()))
    if target.endswith(('.png', '.jpg', '.jpeg', '.gif', '.svg', '.webp')) and ':' not in target
}
MAX_BYTES = 300_000


def test_all_are_made_by_tools():
    """tools/benchmark.py makes the plots of grids, tools/docs/make_pictures.py the others."""
    assert len(SHOWN) >= 4
    assert {path.parent for path in SHOWN} == {IMAGES}
    assert {path.name for path in SHOWN if not path.match('grid_*.png')} == {*FACTS}
    assert {path.name for path in IMAGES.iterdir()} == {
        'pictures.json', *FACTS, *(path.name for path in IMAGES.glob('grid_*.png'))
    }  # fmt: skip


@pytest.mark.parametrize('name', FACTS)
def test_picture_is_what_was_made(name):
    facts = FACTS[name]
    assert sha256_of(IMAGES / name) == facts['sha256']
    assert (IMAGES / name).stat().st_size < MAX_BYTES
    check_command(read_command(facts['command']))
    assert len(facts['checkpoints']) == 2
    for path, digest in facts['checkpoints'].items():
        assert path.startswith('work_dirs/')
        assert re.fullmatch('[0-9a-f]{64}', digest)
    for key in ('trained_at_commit', 'drawn_at_commit'):
        assert re.fullmatch(r'[0-9a-f]{7,40}\+?', facts[key])


def test_no_path_of_a_machine_is_told():
    assert not re.search(r'["\s]/', (IMAGES / 'pictures.json').read_text())
