"""A page in one file, with links to its parts."""

from collections.abc import Mapping
from html import escape

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<header>
<h1>{title}</h1>
{notes}
<nav aria-label="{parts}"><ul>
{links}
</ul></nav>
</header>
<main>
{main}
</main>
</body>
</html>
"""


def html_page(
    title: str, style: str, parts: str, links: Mapping[str, str], main: str, notes: str = ''
) -> str:
    """Return the page.

    Args:
        title: of the page; plain text.
        style: CSS.
        parts: what the links lead to, in a word.
        links: titles of the parts, which are plain text, by their ids.
        main: HTML of the parts.
        notes: HTML above the links.
    """
    items = [f'<li><a href="#{name}">{escape(text)}</a></li>' for name, text in links.items()]
    return PAGE.format(
        title=escape(title),
        style=style,
        notes=notes,
        parts=escape(parts),
        links='\n'.join(items),
        main=main,
    )
