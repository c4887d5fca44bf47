"""A page about a run, in one file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np

from mmavssl.utils.outputs import write_output
from mmavssl.visualization.browse_page import image_html, strip
from mmavssl.visualization.browse_style import STYLE
from mmavssl.visualization.html_page import html_page
from mmavssl.visualization.mask_figure import scale_to

FRAME_HEIGHT = 96
MAX_FRAMES = 6

REPORT_STYLE = """
body { overflow-wrap: anywhere; }
section img.figure {
  display: block; max-width: 100%; height: auto; margin: .8rem 0; background: #fff;
}
section h2 { margin-top: 1.6rem; }
section p { color: var(--grey); }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
td.number, th[scope="col"] { overflow-wrap: normal; }
.examples {
  display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fill, minmax(min(22rem, 100%), 1fr));
}
.examples article { margin: 0; }
.examples h3 { margin: 0 0 .4rem; font-size: .9rem; }
.examples img { max-width: 100%; height: auto; }
.bar { display: grid; grid-template-columns: 8rem 1fr 3rem; gap: .5rem; font-size: .85rem; }
.bar i { display: block; height: .7rem; margin-top: .25rem; background: var(--own); }
.bar.true b { text-decoration: underline; }
pre { overflow-x: auto; font-size: .8rem; }
@media (max-width: 40rem) {
  th, td { padding-right: .6rem; white-space: normal; }
  th[scope="row"] { min-width: 7rem; }
}
"""


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes:
        title: of the part.
        parts: HTML, one after the other.
    """

    title: str
    parts: Sequence[str]


def save_report(path: Path, title: str, sections: Sequence[Section]) -> str:
    """Write the page, whose folder is made if needed; return its text."""
    links = {f'part-{place}': section.title for place, section in enumerate(sections)}
    bodies = [
        f'<section id="part-{place}"><h2>{escape(section.title)}</h2>\n'
        + '\n'.join(section.parts)
        + '\n</section>'
        for place, section in enumerate(sections)
    ]
    text = html_page(title, STYLE + REPORT_STYLE, 'Sections', links, '\n'.join(bodies))
    write_output(path, text)
    return text


def remark(text: str) -> str:
    """Return a sentence for the reader."""
    return f'<p>{escape(text)}</p>'


def facts_table(facts: Mapping[str, str]) -> str:
    """Return names and what they are."""
    rows = [
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>'
        for name, value in facts.items()
    ]
    return '<table>' + '\n'.join(rows) + '</table>'


def numbers_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table whose first column are names and the others numbers."""
    titles = ''.join(f'<th scope="col">{escape(name)}</th>' for name in head)
    lines = [
        f'<tr><th scope="row">{escape(first)}</th>'
        + ''.join(f'<td class="number">{escape(value)}</td>' for value in others)
        + '</tr>'
        for first, *others in rows
    ]
    return f'<table><tr>{titles}</tr>' + '\n'.join(lines) + '</table>'


def figure_html(picture: np.ndarray, alt: str) -> str:
    """Return a picture, uint8 (H, W, 3), as wide as it is or as the page."""
    return image_html(picture, alt, 'figure')


def example_html(
    name: str,
    frames: np.ndarray,
    probs: np.ndarray,
    label: int,
    classes: Sequence[str],
    topk: int = 3,
) -> str:
    """Return a clip with the most likely classes, the true one marked.

    Args:
        name: of its file.
        frames: uint8 (T, H, W, 3).
        probs: (C,).
        label: the true class.
        classes: C names.
        topk: so many classes, and the true one if it is not among them.
    """
    step = max(-(-len(frames) // MAX_FRAMES), 1)
    shown = np.stack([scale_to(frame, FRAME_HEIGHT) for frame in frames[::step]])
    best = [int(index) for index in np.argsort(-probs)[:topk]]
    bars = [
        f'<div class="bar{" true" if index == label else ""}"><b>{escape(classes[index])}</b>'
        f'<span><i style="width:{100 * probs[index]:.1f}%"></i></span>'
        f'<span>{100 * probs[index]:.0f} %</span></div>'
        for index in best + [label] * (label not in best)
    ]
    return (
        f'<article><h3>{escape(name)}: {escape(classes[label])}</h3>'
        f'{image_html(strip(shown), f"frames of {name}", "frames")}{"".join(bars)}</article>'
    )


def examples_html(articles: Sequence[str]) -> str:
    """Return clips side by side."""
    return f'<div class="examples">{"".join(articles)}</div>'


def folded(title: str, text: str) -> str:
    """Return a text that is shown on demand."""
    return f'<details><summary>{escape(title)}</summary><pre>{escape(text)}</pre></details>'
