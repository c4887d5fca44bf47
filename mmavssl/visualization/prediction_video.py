"""A video of what a model says of a video: its frames, its sound, the likeliest classes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from mmavssl.structures.audio_front_end import FRAME_SHIFT_MS
from mmavssl.visualization.lettering import font, line_height, write
from mmavssl.visualization.mask_figure import (
    BACKGROUND,
    GAP,
    INK,
    TITLE_HEIGHT,
    blend,
    heatmap_colours,
    resize,
    text_strip,
)
from mmavssl.visualization.movie import write_movie
from mmavssl.visualization.sound_panel import sound_panel

HEIGHT, MAX_WIDTH = 288, 1024  # of a frame
SIDE_WIDTH = 248
SIDE_MARGIN = 12
STRIP_HEIGHT = 84
LETTERS = 13
BAR_HEIGHT = 10
TROUGH = (228, 232, 238)
BEST, OTHERS = (31, 98, 190), (139, 165, 201)
CURSOR = (255, 90, 60)
MAP_NOTE = 'red: where the sound comes from'
NO_SOUND_NOTE = 'no map: there is no sound'
NO_MAP_NOTE = 'no map: it is the same everywhere'


@dataclass
class PlayedPrediction:
    """A video, and what was made of it.

    Args:
        title: line above the frames.
        frames: T frames (H, W, 3), RGB, uint8, all of one size; taken one by one.
        times: (T,) seconds at which they begin, ascending from 0.
        duration: when the last one ends.
        top: names and probabilities of the likeliest classes, the likeliest first.
        sound: (S,) float32 at 16 kHz, from the first frame on; None where there is none.
        logmel: (T_a, F) of this sound.
        maps: (K, h, w), localization maps, any real range; None for none. A constant one is not
            drawn: it tells nothing.
        map_times: (K,) seconds of the frames that they are of.
    """

    title: str
    frames: Iterable[np.ndarray]
    times: np.ndarray
    duration: float
    top: Sequence[tuple[str, float]]
    sound: np.ndarray | None = None
    logmel: np.ndarray | None = None
    maps: np.ndarray | None = None
    map_times: np.ndarray | None = None


def save_prediction_video(
    path: str | Path, played: PlayedPrediction, height: int = HEIGHT
) -> None:
    """Write the video, with its sound, to an MP4 file, whose folder is made if needed.

    Args:
        path: file to write; an existing one is replaced.
        played: what is shown.
        height: of the frames in it, in pixels.

    Raises:
        DataError: PyAV cannot write such a file, or the frames cannot be read.
    """
    pictures = draw_prediction(played, height)
    first = next(pictures)
    seconds = np.diff([*played.times, played.duration])
    write_movie(path, chain([first], pictures), seconds, first.shape[:2], played.sound)


def draw_prediction(played: PlayedPrediction, height: int = HEIGHT) -> Iterator[np.ndarray]:
    """Yield a picture (H, W, 3) for each frame, with even H and W.

    The frame, with its map over it, is on the left, the bars are on its right, the sound is below
    with a line where it is at that time. A very wide frame has black above and below.

    Args:
        played: what is shown.
        height: of a frame, in pixels.
    """
    frames = iter(played.frames)
    first = next(frames)
    size = drawn_size(*first.shape[:2], height)
    canvas = draw_canvas(played, height, size[1])
    colours = map_colours(played, *size)
    for frame, time, over in zip(chain([first], frames), played.times, colours, strict=True):
        shown = resize(frame, *size)
        if over is not None:
            shown = blend(shown, over)
        picture = canvas.copy()
        picture[TITLE_HEIGHT + (height - size[0]) // 2 :][: size[0], : size[1]] = shown
        if played.logmel is not None:
            x = min(int(time / played.duration * picture.shape[1]), picture.shape[1] - 2)
            picture[TITLE_HEIGHT + height + GAP :, x : x + 2] = CURSOR
        yield picture


def drawn_size(height: int, width: int, limit: int = HEIGHT) -> tuple[int, int]:
    """Return height and width at which a frame is drawn; those of one that was are its own.

    Args:
        height: of the frame.
        width: of the frame.
        limit: of the height that is drawn.

    >>> drawn_size(720, 1280), drawn_size(100, 2048)
    ((288, 512), (50, 1024))
    """
    if width * limit <= MAX_WIDTH * height:
        return limit, max(round(width * limit / height), 1)
    return max(round(height * MAX_WIDTH / width), 1), MAX_WIDTH


def map_colours(
    played: PlayedPrediction, height: int, width: int
) -> Iterator[np.ndarray | None]:
    """Yield for each frame the colours (H, W, 3) of the map that is nearest in time.

    They are None where there is no map, or one that tells nothing.
    """
    drawn, colours = None, None
    for time in played.times:
        if played.maps is not None:
            nearest = int(np.abs(played.map_times - time).argmin())
            if nearest != drawn:  # there are more frames than maps
                drawn, values = nearest, played.maps[nearest]
                colours = heatmap_colours(values, height, width) if np.ptp(values) else None
        yield colours


def draw_canvas(played: PlayedPrediction, height: int, width: int) -> np.ndarray:
    """Draw what all pictures have in common, with nothing where the frames come.

    Args:
        played: what is shown.
        height: of a frame.
        width: of a frame.
    """
    side = draw_bars(played.top, SIDE_WIDTH + width % 2, height, map_note(played))
    body = np.concatenate([np.zeros((height, width, 3), np.uint8), side], axis=1)
    rows = [text_strip(played.title, body.shape[1], TITLE_HEIGHT), body]
    if played.logmel is not None:
        rows += [np.full((GAP, body.shape[1], 3), BACKGROUND, np.uint8), sound_strip(played, body)]
    picture = np.concatenate(rows)
    below = picture.shape[0] % 2
    return np.pad(picture, ((0, below), (0, 0), (0, 0)), constant_values=BACKGROUND[0])


def map_note(played: PlayedPrediction) -> str:
    """Say what the colours over the frames mean, or why there are none."""
    if played.maps is None:
        return ''
    if np.ptp(played.maps, axis=(1, 2)).any():
        return MAP_NOTE
    return NO_MAP_NOTE if played.sound is not None and played.sound.any() else NO_SOUND_NOTE


def draw_bars(
    top: Sequence[tuple[str, float]], width: int, height: int, note: str = ''
) -> np.ndarray:
    """Draw classes as bars, a probability of 1 being as wide as the picture less its margins.

    Args:
        top: names and probabilities, the likeliest first.
        width: of the picture.
        height: of the picture; what does not fit is left out.
        note: small text below.
    """
    picture = Image.new('RGB', (width, height), BACKGROUND)
    draw, letters = ImageDraw.Draw(picture), font(LETTERS)
    inner, step = width - 2 * SIDE_MARGIN, line_height(LETTERS) + BAR_HEIGHT + 14
    for row, (name, share) in enumerate(top):
        y = 6 + row * step
        if y + step > height:
            break
        number = f'{100 * share:.1f} %'
        room = round(letters.getlength(number)) + 12
        write(draw, (SIDE_MARGIN, y), name, inner - room, LETTERS, INK, bold=row == 0)
        place = (width - SIDE_MARGIN, y + line_height(LETTERS) // 2)
        draw.text(place, number, fill=INK, font=letters, anchor='rm')
        y += line_height(LETTERS) + 3
        box = (SIDE_MARGIN, y, SIDE_MARGIN + inner - 1, y + BAR_HEIGHT - 1)
        draw.rectangle(box, fill=TROUGH)
        length = round(inner * share)
        if length:
            colour = BEST if row == 0 else OTHERS
            draw.rectangle((*box[:2], SIDE_MARGIN + length - 1, box[3]), fill=colour)
    if note:
        place = (SIDE_MARGIN, height - line_height(LETTERS) - 4)
        write(draw, place, note, inner, LETTERS - 2, INK)
    return np.array(picture)


def sound_strip(played: PlayedPrediction, above: np.ndarray) -> np.ndarray:
    """Draw waveform and log-mel in the width of what is above, on the time of the frames."""
    frames = round(played.duration * 1000 / FRAME_SHIFT_MS)
    logmel = played.logmel[:frames]
    if len(logmel) < frames:  # the last window of a log-mel ends before the sound does
        logmel = np.pad(logmel, ((0, frames - len(logmel)), (0, 0)), mode='edge')
    values = (float(logmel.min()), float(logmel.max()))
    return sound_panel(played.sound, logmel, above.shape[1], STRIP_HEIGHT, values)
