"""One picture of many clips: what the model sees of each."""

from math import ceil
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from mmavssl.visualization.card_rows import CardRow, card_rows
from mmavssl.visualization.clip_card import ClipCard, ClipSheet
from mmavssl.visualization.lettering import font, line_height, shorten, write
from mmavssl.visualization.sound_panel import sound_panel
from mmavssl.visualization.token_tint import OWN_COLOUR, PARTNER_COLOUR

PAGE, CARD, EDGE = (238, 240, 244), (255, 255, 255), (212, 216, 224)
INK, GREY, AMBER = (24, 28, 38), (104, 110, 124), (160, 82, 0)
MARGIN = 14
PADDING = 12
CARD_HEADER = 48
LABEL_WIDTH = 126
GAP = 4
SOUND_WIDTH = 260
BAR = 3
#: The sheet has as many columns of cards as come closest to this width.
SHEET_WIDTH = 2400
MANY_ROWS = 8
#: Facts that the title says as well.
ON_PAGE_ONLY = ('file', 'label')
CELL, SMALL_CELL = 96, 64


def save_contact_sheet(path: str | Path, sheet: ClipSheet) -> np.ndarray:
    """Draw the clips into a PNG file, whose folder is made if needed; return the picture."""
    picture = draw_contact_sheet(sheet)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path)
    return picture


def draw_contact_sheet(
    sheet: ClipSheet, cell: int | None = None, columns: int | None = None
) -> np.ndarray:
    """Draw a card for each clip, side by side and one below the other.

    Args:
        sheet: the clips.
        cell: height of a frame in the picture, in pixels; None: by the number of rows.
        columns: of cards; None: by their width.

    Returns:
        RGB, uint8 (height, width, 3).
    """
    if cell is None:
        most_rows = max(len(card_rows(card, sheet)) for card in sheet.cards)
        cell = SMALL_CELL if most_rows > MANY_ROWS else CELL
    cards = [draw_card(card, sheet, cell) for card in sheet.cards]
    width = max(card.width for card in cards)
    columns = columns or max(round(SHEET_WIDTH / width), 1)
    columns = ceil(len(cards) / ceil(len(cards) / columns))
    lines = [cards[first : first + columns] for first in range(0, len(cards), columns)]
    heights = [max(card.height for card in line) for line in lines]
    header = draw_header(sheet, columns * (width + MARGIN) - MARGIN)
    picture = Image.new(
        'RGB',
        (
            columns * (width + MARGIN) + MARGIN,
            header.height + sum(heights) + (len(lines) + 2) * MARGIN,
        ),
        PAGE,
    )
    picture.paste(header, (MARGIN, MARGIN))
    y = header.height + 2 * MARGIN
    for line, height in zip(lines, heights, strict=True):
        for column, card in enumerate(line):
            picture.paste(card, (MARGIN + column * (width + MARGIN), y))
        y += height + MARGIN
    return np.asarray(picture)


def draw_header(sheet: ClipSheet, width: int) -> Image.Image:
    """Write the title, and below it warnings and remarks."""
    notes = [(text, AMBER) for text in sheet.warnings] + [(text, GREY) for text in sheet.remarks]
    picture = Image.new('RGB', (width, 28 + 2 * len(notes) * line_height(12)), PAGE)
    draw = ImageDraw.Draw(picture)
    write(draw, (0, 0), sheet.title, width, 18, INK, bold=True)
    y = 28
    for text, colour in notes:
        y += write(draw, (0, y), text, width, 12, colour, max_lines=2) * line_height(12)
    return picture.crop((0, 0, width, y))


def draw_card(card: ClipCard, sheet: ClipSheet, cell: int) -> Image.Image:
    """Draw the header and the rows of one clip."""
    strips = [draw_row(row, sheet, cell) for row in card_rows(card, sheet)]
    width = max(strip.width for strip in strips) + 2 * PADDING
    height = CARD_HEADER + sum(strip.height + GAP for strip in strips) - GAP + PADDING
    picture = Image.new('RGB', (width, height), CARD)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, width - 1, height - 1), outline=EDGE)
    room = width - 2 * PADDING
    title, label = f'#{card.number} {card.name}', shorten(card.label, font(12), room // 2)
    left = room - round(font(12).getlength(label)) - PADDING
    write(draw, (PADDING, 8), title, left, 14, INK, bold=True)
    draw.text((width - PADDING, 9), label, fill=OWN_COLOUR, font=font(12), anchor='ra')
    facts = [f'{name} {value}' for name, value in card.facts.items() if name not in ON_PAGE_ONLY]
    write(draw, (PADDING, 28), '  ·  '.join(facts), room, 10, GREY)
    y = CARD_HEADER
    for strip in strips:
        picture.paste(strip, (PADDING, y))
        y += strip.height + GAP
    return picture


def draw_row(row: CardRow, sheet: ClipSheet, cell: int) -> Image.Image:
    """Draw what a row is, its frames, and its sound at the right."""
    frames = row.draw(cell)
    step = frames.shape[2] + GAP
    with_sound = sheet.logmel_range is not None
    width = LABEL_WIDTH + len(frames) * step + (SOUND_WIDTH + GAP if with_sound else -GAP)
    picture = Image.new('RGB', (width, cell), CARD)
    draw = ImageDraw.Draw(picture)
    bar = {'partner': PARTNER_COLOUR}.get(row.name, OWN_COLOUR)
    draw.rectangle((0, 0, BAR - 1, cell - 1), fill=bar)
    write(draw, (BAR + 6, 4), row.name, LABEL_WIDTH - BAR - 12, 12, INK, bold=True, max_lines=2)
    lines = max((cell - 22) // line_height(10), 1)
    write(draw, (BAR + 6, 22), row.note, LABEL_WIDTH - BAR - 12, 10, GREY, max_lines=lines)
    if row.share is not None:
        end = BAR + 6 + round((LABEL_WIDTH - BAR - 18) * row.share)
        draw.rectangle((BAR + 6, cell - 12, LABEL_WIDTH - 12, cell - 5), fill=PARTNER_COLOUR)
        draw.rectangle((BAR + 6, cell - 12, end, cell - 5), fill=OWN_COLOUR)
    for number, frame in enumerate(frames):
        picture.paste(Image.fromarray(frame), (LABEL_WIDTH + number * step, 0))
    if row.logmel is not None:
        panel = sound_panel(
            row.waveform, row.logmel, SOUND_WIDTH, cell, sheet.logmel_range, row.moments
        )
        picture.paste(Image.fromarray(panel), (width - SOUND_WIDTH, 0))
    return picture
