"""Let links out of docs/ work on the site (a hook of MkDocs, see mkdocs.yml).

Pages link to files of the repository relative to themselves, as code hosts want it. The site has
what they link to in a folder `repository`: Markdown as pages, which may link to more, and others
as they are. A link to a folder leads to its README, or is plain text where it has none. A link
whose text is the name of a page's file, which tells where it is on a code host, has the page's
title.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
DOCS, COPIES = 'docs/', 'repository/'
#: A block or code, which is left alone, or a link.
PART = re.compile(
    r'^```.*?^```$|`[^`\n]+`|\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)', re.DOTALL | re.MULTILINE
)


def place_of(path: str) -> str:
    """Return where a file of the repository is on the site."""
    return path.removeprefix(DOCS) if path.startswith(DOCS) else f'{COPIES}{path}'


def path_of(place: str) -> str:
    """Return the file of the repository at a place of the site."""
    return place.removeprefix(COPIES) if place.startswith(COPIES) else f'{DOCS}{place}'


def linked(path: str, target: str) -> str | None:
    """Return the file that a link of a page leads to, or None for a folder without a README.

    Args:
        path: of the page in the repository.
        target: of the link, without its anchor.
    """
    found = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    if (ROOT / found).is_dir():
        found = f'{found}/README.md'
        return found if (ROOT / found).is_file() else None
    return found


def links(path: str, text: str) -> Iterator[str]:
    """Yield the files of the repository that a page links to."""
    for match in PART.finditer(text):
        target = (match['target'] or '').partition('#')[0]
        if target and ':' not in target and (found := linked(path, target)):
            yield found


def shown_text(text: str, path: str, files: Files) -> str:
    """Return the text of a link: the title of a page in place of no more than its file's name.

    Args:
        text: as the link has it.
        path: of the file in the repository.
        files: of the site.
    """
    name = text.strip('`')
    if not name.endswith('.md') or not f'/{path}'.endswith(f'/{name}'):
        return text
    file = files.get_file_from_path(place_of(path))
    return file.page.title if file and file.page and file.page.title else text


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what is linked to and not in docs/."""
    from mkdocs.structure.files import File

    waiting = [file.src_uri for file in files.documentation_pages()]
    while waiting:
        path = path_of(waiting.pop())
        for found in links(path, (ROOT / path).read_text(encoding='utf-8')):
            place = place_of(found)
            if not files.get_file_from_path(place) and (ROOT / found).is_file():
                files.append(File.generated(config, place, abs_src_path=str(ROOT / found)))
                waiting += [place] if found.endswith('.md') else []
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let the links of a page lead to where the files are on the site."""
    path, folder = path_of(page.file.src_uri), posixpath.dirname(page.file.src_uri)

    def replace(match: re.Match) -> str:
        target, _, anchor = (match['target'] or '').partition('#')
        if not target or ':' in target:
            return match[0]
        found = linked(path, target)
        if found is None:
            return match['text']
        place = posixpath.relpath(place_of(found), folder or '.')
        text = shown_text(match['text'], found, files)
        return f'[{text}]({place}{"#" if anchor else ""}{anchor})'

    return PART.sub(replace, markdown)
