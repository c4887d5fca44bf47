"""Frames that are files of their own: one picture, or a folder of pictures."""

import os
import re
import warnings
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from mmavssl.datasets.readers.frame_clock import FrameClock
from mmavssl.datasets.readers.media import (
    MAX_PIXELS,
    check_file,
    check_frames,
    check_pixels,
)
from mmavssl.datasets.readers.pyav_decoder import SizeOf
from mmavssl.utils.errors import DataError

PICTURE_SUFFIXES = ('.jpg', '.jpeg', '.png')
# As they are stored: whoever drew boxes on them saw them so.
AS_STORED = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION


class StillsFile:
    """A picture, or the pictures of a folder, in place of a `VideoFile`.

    They have no times: the clock shows one a second, so that a moment at random is a picture at
    random. Those of a folder are in the order of their names, numbers in that of their values.

    Args:
        path: of the picture or the folder.
        content: of a picture that is not on the disk.

    Raises:
        DataError: missing or empty file, or a folder without pictures.
    """

    def __init__(self, path: str, content: bytes | None = None) -> None:
        self.path = path
        self.content = content
        #: What is wrong with it: nothing is, where it can be read.
        self.faults: list[str] = []
        self.files = list_pictures(path) if os.path.isdir(path) else [path]
        if content is None:
            check_file(self.files[0])
        self.clock = FrameClock([None] * len(self.files), rate=1.0)
        self._decoded: dict[int, np.ndarray] = {}

    @property
    def num_frames(self) -> int:
        """Number of pictures."""
        return len(self.files)

    def request(self, indices: np.ndarray) -> None:
        """Do nothing: a video gathers here what one pass decodes, but pictures stand alone."""

    def frames(self, indices: np.ndarray) -> np.ndarray:
        """Return pictures (T, H, W, 3), RGB, uint8.

        Raises:
            DataError: a picture cannot be decoded, or they have several sizes.
        """
        wanted = np.ravel(indices).tolist()
        height, width = self._picture(wanted[0]).shape[:2]
        check_frames(self.path, len(wanted), width, height)
        pictures = [self._picture(index) for index in wanted]
        if len({picture.shape for picture in pictures}) > 1:
            raise DataError(
                f'{self.path}: its pictures have several sizes, which do not make a clip. Scale '
                'them to one, or take one picture at a time (`clip_len=1`).'
            )
        return np.stack(pictures)

    def play(self, shown: range, size_of: SizeOf) -> Iterator[np.ndarray]:
        """Yield none, where a video has those that one pass decodes: pictures stand alone."""
        return iter(())

    def _picture(self, index: int) -> np.ndarray:
        if index not in self._decoded:
            content = self.content
            if content is None:
                check_file(self.files[index])
                content = Path(self.files[index]).read_bytes()
            self._decoded[index] = decode_picture(content, self.files[index])
        return self._decoded[index]


def is_stills(path: str) -> bool:
    """Return whether a path is that of a picture, by its suffix, or of a folder."""
    return path.lower().endswith(PICTURE_SUFFIXES) or os.path.isdir(path)


def list_pictures(folder: str) -> Sequence[str]:
    """Return the pictures of a folder in their order.

    Raises:
        DataError: there is none.
    """
    paths = [
        str(path)
        for path in Path(folder).iterdir()
        # macOS leaves `._1.jpg` beside `1.jpg`.
        if path.suffix.lower() in PICTURE_SUFFIXES and not path.name.startswith('.')
    ]
    if not paths:
        raise DataError(
            f'{folder} is a folder, and it has no pictures ({", ".join(PICTURE_SUFFIXES)}). Check '
            'the list and `data_root`.'
        )
    return sorted(paths, key=_natural)


def decode_picture(content: bytes, path: str) -> np.ndarray:
    """Return a picture (H, W, 3), RGB, uint8.

    Args:
        content: of the file, JPEG or PNG.
        path: for the error.

    Raises:
        DataError: it cannot be decoded.
    """
    check_size(content, path)
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), AS_STORED) if content else None
    if picture is None:
        raise DataError(
            f'{path} cannot be decoded as a picture: it is damaged, or of another type than its '
            'name says. Fetch or convert it again.'
        )
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def check_size(content: bytes, path: str) -> None:
    """Raise a DataError if the header of a picture says that it is too large to be true."""
    try:
        with warnings.catch_warnings(), Image.open(BytesIO(content)) as opened:
            warnings.simplefilter('ignore')
            size = opened.size
    except Image.DecompressionBombError:
        size = (MAX_PIXELS, 2)  # it does not say how large
    except Exception:  # of many kinds, where a file is damaged: the decoder says what is wrong
        return
    check_pixels(path, *size)


def _natural(path: str) -> list[tuple[int, str]]:
    parts = re.split(r'(\d+)', path)
    return [(int(part) if part.isdecimal() else 0, part) for part in parts]
