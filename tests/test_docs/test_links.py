"""Links of the pages, and the paths that they name, lead somewhere."""

from __future__ import annotations

import re
from glob import glob
from itertools import product
from pathlib import Path

import pytest

from tests.test_docs.blocks import FENCE, PAGES, ROOT

LINK = re.compile(r'!?\[[^\]]*\]\(([^)\s]+)\)')
CODE = re.compile(r'`[^`\n]+`')
HEADING = re.compile(r'^#+ +(.+?) *$', re.MULTILINE)
#: A file or folder of the repository within inline code; `*` and `{a,b}` are of a shell.
NAMED = re.compile(
    r'(?<![\w./-])(?:benchmarks|configs|docs|mmavssl|requirements|tests|tools)/[\w./*{},-]+'
)
#: What docs/reproduce.md means by D and S.
PLACEHOLDERS = {'D_Sshot': '{ucf51,k400,vggsound}_{1,5}shot'}
#: In paths of what users may write.
INVENTED = re.compile(r'NAME|my_masker|/a/b|test_a/')


def prose(text: str) -> str:
    """Return a page without its blocks."""
    return FENCE.sub('', text)


def slugs(text: str) -> list[str]:
    """Return the anchors that code hosts give to the headings of a page."""
    found: list[str] = []
    for title in HEADING.findall(prose(text)):
        plain = re.sub(r'\[([^\]]*)\]\([^)]*\)', r'\1', title)
        slug = re.sub(r'[^\w\- ]', '', plain.lower()).replace(' ', '-')
        same = [other for other in found if re.fullmatch(rf'{re.escape(slug)}(-\d+)?', other)]
        found.append(f'{slug}-{len(same)}' if same else slug)
    return found


def broken(page: str) -> list[str]:
    """Return the links of a page that lead nowhere; those of the web are not asked."""
    text = (ROOT / page).read_text()
    found = []
    for target in LINK.findall(CODE.sub('', prose(text))):
        path, _, anchor = target.partition('#')
        if re.match(r'\w+:', target):
            continue
        file = (ROOT / page).parent / path if path else ROOT / page
        if not file.exists() or (anchor and anchor not in slugs(file.read_text())):
            found.append(target)
    return found


def expand(pattern: str) -> list[str]:
    """Return what a shell makes of ``{a,b}``.

    >>> expand('a_{1,2}.py')
    ['a_1.py', 'a_2.py']
    """
    parts = re.split(r'\{([^{}]*)\}', pattern)
    choices = [part.split(',') if i % 2 else [part] for i, part in enumerate(parts)]
    return [''.join(chosen) for chosen in product(*choices)]


@pytest.mark.parametrize('page', PAGES)
def test_links_lead_somewhere(page):
    assert broken(page) == []


@pytest.mark.parametrize('page', PAGES)
def test_named_paths_are_there(page):
    text = prose((ROOT / page).read_text())
    for name, meaning in PLACEHOLDERS.items():
        text = text.replace(name, meaning)
    named = {path for code in CODE.findall(text) for path in NAMED.findall(code)}
    expanded = {path.rstrip('.') for pattern in named for path in expand(pattern)}
    lost = [path for path in sorted(expanded) if not glob(str(ROOT / path))]
    assert [path for path in lost if not INVENTED.search(path)] == []


def test_all_pages_are_on_the_map():
    """docs/index.md links to every page beside it."""
    links = LINK.findall((ROOT / 'docs/index.md').read_text())
    pages = {path.name for path in (ROOT / 'docs').glob('*.md')} - {'index.md'}
    assert pages <= {*links}


def test_what_is_broken_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr('tests.test_docs.test_links.ROOT', tmp_path)
    text = '# A b\n\n[1](#a-b) [2](#a) [3](b.md) [4](https://x.y) `[5](c)`'
    Path(tmp_path, 'a.md').write_text(text)
    assert broken('a.md') == ['#a', 'b.md']
    assert slugs('# A `b_c`: d, e\n## A\n```\n# x\n```\n## A\n') == ['a-b_c-d-e', 'a', 'a-1']
