"""Damage to media files: what disks, networks, other programs and attackers do to them."""

from __future__ import annotations

import random
import struct

from tests.reliability.giant_headers import (
    mp4_with_size,
    vp8_with_size,
    wav_with_channels,
    wav_with_rate,
)
from tests.reliability.mp4_boxes import boxes

#: Beginning of a file, and its end, where headers and indices are.
HEADER, FOOTER = 2048, 8192
EXTREMES = (0, 1, 0x7F, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x00010000)
SUFFIXES = ('.mp4', '.mkv', '.webm', '.avi', '.mp3', '.wav', '.mpg', '.ts', '.jpg', '.txt', '')


def flip_bits(data: bytearray, rng: random.Random) -> None:
    """Flip 1 to 64 bits anywhere."""
    for _ in range(2 ** rng.randrange(7)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def flip_header_bits(data: bytearray, rng: random.Random) -> None:
    """Flip 1 to 8 bits where headers are."""
    for _ in range(2 ** rng.randrange(4)):
        data[header_place(data, rng)] ^= 1 << rng.randrange(8)


def set_number(data: bytearray, rng: random.Random) -> None:
    """Overwrite a number in a header with an extreme one."""
    width = rng.choice((1, 2, 4, 4, 8))
    number = rng.choice(EXTREMES) & (2 ** (8 * min(width, 4)) - 1)
    at = min(header_place(data, rng), len(data) - width)
    data[at : at + width] = number.to_bytes(width, rng.choice(('big', 'little')))


def truncate(data: bytearray, rng: random.Random) -> None:
    """Cut off the end."""
    del data[rng.randrange(len(data)) :]


def cut_begin(data: bytearray, rng: random.Random) -> None:
    """Cut off the beginning."""
    del data[: rng.randrange(1, len(data))]


def remove(data: bytearray, rng: random.Random) -> None:
    """Take a part out."""
    begin, end = span(data, rng)
    del data[begin:end]


def zero(data: bytearray, rng: random.Random) -> None:
    """Overwrite a part with zeros, as a lost block of a disk."""
    begin, end = span(data, rng)
    data[begin:end] = bytes(end - begin)


def garbage(data: bytearray, rng: random.Random) -> None:
    """Overwrite a part with random bytes."""
    begin, end = span(data, rng)
    data[begin:end] = rng.randbytes(end - begin)


def insert(data: bytearray, rng: random.Random) -> None:
    """Insert random bytes."""
    at = rng.randrange(len(data))
    data[at:at] = rng.randbytes(rng.choice((1, 4, 100, 5000)))


def repeat(data: bytearray, rng: random.Random) -> None:
    """Repeat a part."""
    begin, end = span(data, rng)
    data[end:end] = data[begin:end]


def swap(data: bytearray, rng: random.Random) -> None:
    """Swap two blocks."""
    size = min(rng.choice((16, 512, 4096)), len(data) // 2)
    first, second = sorted(rng.randrange(len(data) - size + 1) for _ in range(2))
    if second - first >= size:
        one, other = data[first : first + size], data[second : second + size]
        data[first : first + size], data[second : second + size] = other, one


def swap_boxes(data: bytearray, rng: random.Random) -> None:
    """Swap two boxes that do not hold one another."""
    found = list(boxes(bytes(data)))
    if len(found) < 2:
        return swap(data, rng)
    one, other = sorted(rng.sample(found, 2))
    if one.begin + one.size <= other.begin:
        parts = (
            data[: one.begin],
            data[other.begin : other.begin + other.size],
            data[one.begin + one.size : other.begin],
            data[one.begin : one.begin + one.size],
            data[other.begin + other.size :],
        )
        data[:] = b''.join(parts)
    return None


def repeat_box(data: bytearray, rng: random.Random) -> None:
    """Repeat a box, and the size of those around it is now wrong."""
    found = list(boxes(bytes(data)))
    if not found:
        return repeat(data, rng)
    box, place = rng.choice(found), rng.choice(found)
    data[place.begin : place.begin] = data[box.begin : box.begin + box.size]
    return None


def drop_box(data: bytearray, rng: random.Random) -> None:
    """Remove a box and leave the size of those around it."""
    found = list(boxes(bytes(data)))
    if not found:
        return remove(data, rng)
    box = rng.choice(found)
    del data[box.begin : box.begin + box.size]
    return None


def resize_box(data: bytearray, rng: random.Random) -> None:
    """Let a box say that it has another size."""
    found = list(boxes(bytes(data)))
    if not found:
        return set_number(data, rng)
    box = rng.choice(found)
    sizes = (0, 1, 7, 8, box.size - 1, box.size + 1, 2 * box.size, 0x7FFFFFFF, 0xFFFFFFFF)
    data[box.begin : box.begin + 4] = struct.pack('>I', rng.choice(sizes))
    return None


def set_box_number(data: bytearray, rng: random.Random) -> None:
    """Overwrite a number in a box of the index with an extreme one."""
    found = [box for box in boxes(bytes(data)) if box.kind != b'mdat' and box.size > 12]
    if not found:
        return set_number(data, rng)
    box = rng.choice(found)
    at = box.begin + 8 + 4 * rng.randrange((box.size - 8) // 4)
    data[at : at + 4] = struct.pack('>I', rng.choice(EXTREMES))
    return None


def giant(data: bytearray, rng: random.Random) -> None:
    """Let a header promise gigabytes, where it is a kind that is known here."""
    content, side = bytes(data), rng.choice((2048, 8192, 16384, 65520))
    number = rng.choice((1, 100, 65535, 2**31 - 1))
    if content.startswith(b'RIFF') and content[8:12] == b'WAVE':
        change = rng.choice((wav_with_rate, wav_with_channels))
        data[:] = change(content, number if change is wav_with_rate else number & 0xFFFF)
    elif content.rfind(b'avcC') > content.rfind(b'mdat') > 0:
        try:
            data[:] = mp4_with_size(content, side, rng.choice((16, side)))
        except (ValueError, struct.error):  # it is damaged already
            set_number(data, rng)
    elif content.startswith(b'\x1a\x45\xdf\xa3'):
        data[:] = vp8_with_size(content, side, side)
    else:
        set_number(data, rng)


def empty(data: bytearray, rng: random.Random) -> None:
    """Leave nothing."""
    data.clear()


def rename(data: bytearray, rng: random.Random) -> None:
    """Leave it as it is: `mutate` gives it another suffix."""


#: How often each is chosen.
MUTATIONS = {
    flip_bits: 3, flip_header_bits: 4, set_number: 4, truncate: 3, cut_begin: 1, remove: 2,
    zero: 2, garbage: 2, insert: 2, repeat: 1, swap: 1, swap_boxes: 2, repeat_box: 2,
    drop_box: 2, resize_box: 2, set_box_number: 5, giant: 2, rename: 1, empty: 0.3,
}  # fmt: skip


def mutate(data: bytes, suffix: str, rng: random.Random) -> tuple[bytes, str, str]:
    """Return damaged content, its suffix, and what was done."""
    damaged, done = bytearray(data), []
    for kind in rng.choices(list(MUTATIONS), list(MUTATIONS.values()), k=rng.choice((1, 1, 1, 2))):
        if damaged:
            kind(damaged, rng)
        done.append(kind.__name__)
    if 'rename' in done:
        suffix = rng.choice([other for other in SUFFIXES if other != suffix])
    return bytes(damaged), suffix, '+'.join(done)


def span(data: bytearray, rng: random.Random) -> tuple[int, int]:
    """Return begin and end of a part: mostly small, at times most of the file."""
    length = min(rng.choice((1, 8, 64, 512, 4096, len(data) // 4, len(data) // 2)), len(data))
    begin = rng.randrange(len(data) - length + 1)
    return begin, begin + length


def header_place(data: bytearray, rng: random.Random) -> int:
    """Return a place near the beginning or, half as often, near the end of a file."""
    if rng.random() < 1 / 3:
        return len(data) - 1 - rng.randrange(min(FOOTER, len(data)))
    return rng.randrange(min(HEADER, len(data)))
