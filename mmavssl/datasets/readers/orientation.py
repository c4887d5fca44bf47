"""How a file says that its pictures are turned and mirrored: the display matrix of a frame."""

from math import cos, radians, sin
from struct import unpack_from
from typing import NamedTuple

import numpy as np
from av.video.frame import VideoFrame


class DisplayMatrix(NamedTuple):
    """Where a pixel of a frame is shown: at (x, y) @ ((xx, xy), (yx, yy)), in any unit.

    x goes to the right and y down.
    """

    xx: float
    xy: float
    yx: float
    yy: float

    @property
    def is_turned(self) -> bool:
        """Whether height and width change places."""
        return abs(self.xx) + abs(self.yy) < abs(self.xy) + abs(self.yx)


AS_STORED = DisplayMatrix(1, 0, 0, 1)


def display_matrix(frame: VideoFrame) -> DisplayMatrix:
    """Return how a decoded frame is to be shown."""
    try:
        data = frame.side_data.get('DISPLAYMATRIX')
    except ValueError:  # it has another thing besides that PyAV does not know, such as Exif
        return turned(frame.rotation)
    if data is None:
        return AS_STORED
    xx, xy, _, yx, yy = unpack_from('=5i', data)  # the third column is that of perspective
    return DisplayMatrix(xx, xy, yx, yy)


def turned(degrees: float) -> DisplayMatrix:
    """Return the matrix of a turn, counter-clockwise."""
    cosine, sine = cos(radians(degrees)), sin(radians(degrees))
    return DisplayMatrix(cosine, -sine, sine, cosine)


def set_upright(picture: np.ndarray, matrix: DisplayMatrix) -> np.ndarray:
    """Return a picture (H, W, 3) as it is to be shown, in the nearest of the eight ways.

    That is what the program ``ffmpeg`` does, but for angles that are no right ones.
    """
    if matrix == AS_STORED:
        return picture
    if matrix.is_turned:
        picture = picture.swapaxes(0, 1)
        to_left, upwards = matrix.yx < 0, matrix.xy < 0
    else:
        to_left, upwards = matrix.xx < 0, matrix.yy < 0
    return picture[:: -1 if upwards else 1, :: -1 if to_left else 1]
