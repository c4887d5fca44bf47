"""A page of clips, in one file: what the model sees and hears of each."""

from html import escape
from pathlib import Path

import numpy as np

from mmavssl.visualization.browse_style import STYLE
from mmavssl.visualization.card_rows import CardRow, card_rows
from mmavssl.visualization.clip_card import ClipCard, ClipSheet
from mmavssl.visualization.data_uri import data_uri, picture_uri
from mmavssl.visualization.html_page import html_page
from mmavssl.visualization.sound_panel import sound_panel, wav_bytes

GAP = 4
SOUND_SIZE = (360, 150)
#: Lower frames are scaled before something is drawn over them, so that its lines are thin.
OVERLAY_HEIGHT = 128


def save_browse_page(path: str | Path, sheet: ClipSheet) -> str:
    """Write the page of the clips, whose folder is made if needed; return its text."""
    text = browse_page(sheet)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding='utf-8')
    return text


def browse_page(sheet: ClipSheet) -> str:
    """Return HTML that needs no other file: pictures and sounds are in it."""
    notes = [f'<p class="warning">{escape(text)}</p>' for text in sheet.warnings]
    notes += [f'<p class="remark">{escape(text)}</p>' for text in sheet.remarks]
    links = {
        f'clip-{place}': f'#{card.number} {card.name}' for place, card in enumerate(sheet.cards)
    }
    cards = [card_html(place, card, sheet) for place, card in enumerate(sheet.cards)]
    return html_page(sheet.title, STYLE, 'Clips', links, '\n'.join(cards), '\n'.join(notes))


def card_html(place: int, card: ClipCard, sheet: ClipSheet) -> str:
    """Return the article of one clip."""
    rows = card_rows(card, sheet)
    figures = [row_html(row, card, sheet) for row in rows]
    return (
        f'<article id="clip-{place}">\n'
        f'<h2><span class="number">#{card.number}</span> {escape(card.name)} '
        f'<span class="label">{escape(card.label)}</span></h2>\n'
        f'<div class="rows">\n{"".join(figures)}</div>\n'
        f'<table>\n{facts_html(card)}</table>\n'
        '</article>'
    )


def facts_html(card: ClipCard) -> str:
    """Return the rows of the table: what is known of the clip, of its views and its mix."""
    facts = dict(card.facts)
    for name, view in card.views.items():
        facts |= {f'{name}: {fact}': value for fact, value in view.facts.items()}
    if card.mix:
        facts['mix: λ, the share of this clip'] = f'{card.mix.ratio:.4f}'
    return ''.join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>\n'
        for name, value in facts.items()
    )


def row_html(row: CardRow, card: ClipCard, sheet: ClipSheet) -> str:
    """Return the figure of one row: frames, and its sound if it has one."""
    what = f'{row.name} of {card.name}'
    height = max(row.frames.shape[1], OVERLAY_HEIGHT) if row.overlay else None
    kind = {'partner': ' class="partner"', 'mask': ' class="mask"'}.get(row.name, '')
    parts = [
        f'<figcaption><b>{escape(row.name)}</b> <span>{escape(row.note)}</span></figcaption>',
        image_html(strip(row.draw(height)), f'{len(row.frames)} frames: {what}', 'frames'),
    ]
    if row.logmel is not None:
        panel = sound_panel(
            row.waveform, row.logmel, *SOUND_SIZE, sheet.logmel_range, row.moments
        )
        shown = 'log-mel' if row.waveform is None else 'waveform and log-mel'
        parts.append('<div class="sound">' + image_html(panel, f'{shown}: {what}', 'panel'))
        if row.waveform is not None:
            uri = data_uri('audio/wav', wav_bytes(row.waveform))
            parts.append(
                f'<audio controls preload="metadata" aria-label="{escape(f"sound: {what}")}" '
                f'src="{uri}"></audio>'
            )
        parts.append('</div>')
    return f'<figure{kind}>\n' + '\n'.join(parts) + '\n</figure>\n'


def image_html(picture: np.ndarray, alt: str, kind: str) -> str:
    """Return the element of a picture, uint8 (H, W, 3)."""
    height, width = picture.shape[:2]
    return (
        f'<img class="{kind}" width="{width}" height="{height}" alt="{escape(alt)}" '
        f'src="{picture_uri(picture)}">'
    )


def strip(frames: np.ndarray) -> np.ndarray:
    """Put frames (T, H, W, 3) side by side."""
    spaced = np.pad(frames, ((0, 0), (0, 0), (0, GAP), (0, 0)), constant_values=128)
    return np.concatenate(list(spaced), axis=1)[:, :-GAP]
