"""The boxes that an MP4 file consists of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

#: Boxes that hold others.
PARENTS = tuple(b'moov trak mdia minf stbl edts moof traf mvex udta'.split())


class Box(NamedTuple):
    """A box of an MP4 file: where it begins, its size, its type."""

    begin: int
    size: int
    kind: bytes


def boxes(data: bytes, begin: int = 0, end: int | None = None) -> Iterator[Box]:
    """Yield the boxes of an MP4 file, parents before children; nothing of other files."""
    end = len(data) if end is None else end
    while begin + 8 <= end:
        size, kind = int.from_bytes(data[begin : begin + 4], 'big'), data[begin + 4 : begin + 8]
        if size < 8 or begin + size > end or not kind.isalnum():
            return
        yield Box(begin, size, kind)
        if kind in PARENTS:
            yield from boxes(data, begin + 8, begin + size)
        begin += size
