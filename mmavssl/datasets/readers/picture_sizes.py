"""Sizes of pictures that packets of a video name themselves, beside the file's header.

A damaged or hostile packet can name another one, up to gigabytes, in the middle of a file.
"""

from collections.abc import Iterator

#: What follows the first three bytes of a key frame of VP8, and the first one of VP9.
VP8_START, VP9_START = b'\x9d\x01\x2a', b'\x49\x83\x42'
#: Type of the unit of an H.264 packet that holds a parameter set, with the size.
SPS = 7


def keeps_size(codec: str, packet: bytes, size: tuple[int, int], header: bytes) -> bool:
    """Return whether a packet names no other size of pictures than the file.

    Args:
        codec: FFmpeg's name of it; True for others than H.264, VP8 and VP9.
        packet: any, or empty.
        size: width and height by the file.
        header: what the file tells the decoder at the start (``extradata``).
    """
    if codec == 'h264':
        return all(unit in header for unit in units(packet) if unit[:1] and unit[0] & 0x1F == SPS)
    if codec == 'vp8':
        return vp8_size(packet) in (None, size)
    if codec == 'vp9':
        return vp9_size(packet) in (None, size)
    return True


def units(packet: bytes) -> Iterator[bytes]:
    """Yield the units of an H.264 packet in MP4 or Matroska: 4 bytes of length before each."""
    begin = 0
    while begin + 4 < len(packet):
        end = begin + 4 + int.from_bytes(packet[begin : begin + 4], 'big')
        yield packet[begin + 4 : end]
        begin = end


def vp8_size(packet: bytes) -> tuple[int, int] | None:
    """Return width and height if a packet of VP8 begins a key frame, else None.

    >>> vp8_size(bytes([0, 0, 0, 0x9D, 1, 0x2A, 80, 0, 64, 0]))
    (80, 64)
    """
    if len(packet) < 10 or packet[0] & 1 or packet[3:6] != VP8_START:
        return None
    width, height = (int.from_bytes(packet[at : at + 2], 'little') for at in (6, 8))
    return width & 0x3FFF, height & 0x3FFF  # the other two bits say how to scale it


def vp9_size(packet: bytes) -> tuple[int, int] | None:
    """Return width and height if a packet of VP9 (profile 0) begins a key frame, else None.

    >>> vp9_size(bytes([0x82, 0x49, 0x83, 0x42, 0, 4, 0xF0, 3, 0xF0]))
    (80, 64)
    """
    if len(packet) < 9 or packet[1:4] != VP9_START:
        return None
    # After the start: 3 bits of colour space, 1 of range, then 16 each of width and height - 1.
    bits = int.from_bytes(packet[4:9], 'big') >> 4
    return ((bits >> 16) & 0xFFFF) + 1, (bits & 0xFFFF) + 1
