"""Text in pictures, in the fonts that come with matplotlib."""

from functools import lru_cache
from pathlib import Path

import matplotlib
from PIL import ImageDraw, ImageFont

Colour = tuple[int, int, int]


@lru_cache
def font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Return DejaVu Sans, which has Greek letters."""
    name = 'DejaVuSans-Bold.ttf' if bold else 'DejaVuSans.ttf'
    path = Path(matplotlib.get_data_path(), 'fonts', 'ttf', name)
    return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)


def write(
    draw: ImageDraw.ImageDraw,
    place: tuple[int, int],
    text: str,
    width: int,
    size: int,
    colour: Colour,
    bold: bool = False,
    max_lines: int = 1,
) -> int:
    """Write text into a column, wrapped between words and ended by an ellipsis if it is too long.

    Args:
        draw: the picture.
        place: left upper corner of the text.
        text: what to write.
        width: of the column, in pixels.
        size: of the letters.
        colour: of the letters.
        bold: whether they are.
        max_lines: what the column holds.

    Returns:
        Number of lines.
    """
    letters = font(size, bold)
    lines = wrap(text, letters, width)
    if len(lines) > max_lines:
        lines = [*lines[: max_lines - 1], ' '.join(lines[max_lines - 1 :])]
    lines = [shorten(line, letters, width) for line in lines]
    for number, line in enumerate(lines):
        draw.text(
            (place[0], place[1] + number * line_height(size)), line, fill=colour, font=letters
        )
    return len(lines)


def line_height(size: int) -> int:
    """Return the distance of lines of letters of that size."""
    return round(1.3 * size)


def wrap(text: str, letters: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """Divide text between words into lines that fit, as far as single words do."""
    lines: list[str] = []
    for word in text.split():
        longer = f'{lines[-1]} {word}' if lines else word
        if lines and letters.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def shorten(line: str, letters: ImageFont.FreeTypeFont, width: int) -> str:
    """Cut a line in the middle, where names of files differ least, so that it fits."""
    if letters.getlength(line) <= width:
        return line
    for kept in range(len(line) - 1, 1, -1):
        cut = f'{line[: kept - kept // 2]}…{line[len(line) - kept // 2 :]}'
        if letters.getlength(cut) <= width:
            return cut
    return '…'
