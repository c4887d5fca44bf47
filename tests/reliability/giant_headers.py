"""Headers that promise more than any file has: pictures of gigabytes, sounds of days."""

from __future__ import annotations

import struct
import zlib

from tests.reliability.mp4_boxes import Box, boxes

#: What begins a key frame of VP8.
VP8_KEY = b'\x9d\x01\x2a'
#: Where the number of samples a second and that of channels are in a WAV file.
WAV_RATE, WAV_CHANNELS = slice(24, 28), slice(22, 24)


def wav_with_rate(data: bytes, rate: int) -> bytes:
    """Return a WAV file that says it has another sample rate."""
    changed = bytearray(data)
    changed[WAV_RATE] = struct.pack('<I', rate)
    return bytes(changed)


def wav_with_channels(data: bytes, channels: int) -> bytes:
    """Return a WAV file that says it has another number of channels."""
    changed = bytearray(data)
    changed[WAV_CHANNELS] = struct.pack('<H', channels)
    return bytes(changed)


def png(width: int, height: int) -> bytes:
    """Return a PNG file of a few bytes that says it has such a size."""
    head = struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)
    chunks = ((b'IHDR', head), (b'IDAT', zlib.compress(b'\0')), (b'IEND', b''))
    parts = [
        struct.pack('>I', len(body)) + kind + body + struct.pack('>I', zlib.crc32(kind + body))
        for kind, body in chunks
    ]
    return b'\x89PNG\r\n\x1a\n' + b''.join(parts)


def vp8_with_size(data: bytes, width: int, height: int) -> bytes:
    """Return a file whose key frames of VP8 say that they have another size, up to 16383."""
    size = struct.pack('<HH', width & 0x3FFF, height & 0x3FFF)
    first, *others = data.split(VP8_KEY)
    return VP8_KEY.join([first, *(size + other[len(size) :] for other in others)])


def golomb(number: int) -> str:
    """Return the bits of a number in H.264 (Exp-Golomb).

    >>> golomb(0), golomb(3)
    ('1', '00100')
    """
    bits = f'{number + 1:b}'
    return '0' * (len(bits) - 1) + bits


def sps(width: int, height: int) -> bytes:
    """Return the parameter set of H.264 that says how large pictures are (multiples of 16)."""
    numbers = (0, 0, 2, 1)  # id, length of frame numbers, order of display, frames to refer to
    bits = ''.join(map(golomb, numbers)) + '0'
    bits += golomb(width // 16 - 1) + golomb(height // 16 - 1) + '1' + '1' + '0' + '0' + '1'
    bits += '0' * (-len(bits) % 8)
    return bytes((0x67, 66, 0, 62)) + int(bits, 2).to_bytes(len(bits) // 8, 'big')


def mp4_with_size(data: bytes, width: int, height: int) -> bytes:
    """Return an H.264 file whose parameter set says that its pictures have another size.

    The index must be at the end of the file, as PyAV writes it.

    Raises:
        ValueError: its boxes are damaged.
    """
    at = data.index(b'avcC') - 4
    size = int.from_bytes(data[at : at + 4], 'big')
    old = int.from_bytes(data[at + 14 : at + 16], 'big')
    new = sps(width, height)
    changed = data[: at + 14] + len(new).to_bytes(2, 'big') + new + data[at + 16 + old :]
    around = [b for b in boxes(data) if b.begin < at < b.begin + b.size]
    # `stsd` is a table of boxes, and the box of the codec has fields before others.
    tables = [b for b in around if b.kind == b'stbl']
    if not tables:
        raise ValueError('Expected the boxes of an MP4 file, but some are missing.')
    description = data.index(b'stsd', tables[0].begin) - 4
    for begin in (description, description + 16):
        around.append(Box(begin, int.from_bytes(data[begin : begin + 4], 'big'), b''))
    around.append(Box(at, size, b''))
    changed = bytearray(changed)
    for begin, length in {(b.begin, b.size) for b in around}:
        changed[begin : begin + 4] = struct.pack('>I', length + len(new) - old)
    return bytes(changed)
