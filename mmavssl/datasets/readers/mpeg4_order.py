"""When the pictures of MPEG-4 in AVI are shown, by their own headers.

AVI has no such times. FFmpeg guesses them from the order of the packets and errs where B pictures
stand in pairs, and DivX and Xvid "packed" files, as most of UCF-101, have two pictures in one
packet and an empty one after it. The order of decoding and the types of the pictures leave no
choice: a B picture is shown at once, any other one when the next such picture comes.
"""

from collections.abc import Sequence

from av.bitstream import BitStreamFilterContext
from av.packet import Packet

from mmavssl.datasets.readers.media_file import Track

PICTURE, MAKER = b'\x00\x00\x01\xb6', b'\x00\x00\x01\xb2'  # start codes
B_PICTURE = 2
# A packet of up to so many bytes has no picture in it: the one before is to be shown again.
EMPTY_SIZE = 19


def order_pictures(track: Track) -> bool:
    """Give each packet of a track one picture, and the time at which it is shown.

    Args:
        track: of MPEG-4 in AVI, whose packets are kept.

    Returns:
        Whether the times are known. If not, frames have to be counted.
    """
    packets = unpack(track)
    contents = [bytes(packet) for packet in packets]
    if len(packets) != track.count or not all(map(has_one_picture, contents)):
        return False
    if None in track.pts or len(set(track.pts)) < track.count:
        return False
    times = sorted(track.pts)  # FFmpeg knows the moments, but not which packet is shown when
    shown = display_numbers([picture_type(content) for content in contents])
    # Encoders differ in how exactly the inverse DCT has to be followed. FFmpeg knows this from
    # the maker's note, so decoding must begin where there is one.
    notes = [MAKER in content for content in contents]
    track.is_key = [
        packet.is_keyframe and (noted or not notes[0])
        for packet, noted in zip(packets, notes, strict=True)
    ]
    for packet, number in zip(packets, shown, strict=True):
        packet.pts = times[number]
    track.pts = [packet.pts for packet in packets]
    track.is_shown = [True] * len(packets)
    return True


def unpack(track: Track) -> list[Packet]:
    """Unpack the packets that a track keeps, and return them without the drain."""
    split = BitStreamFilterContext('mpeg4_unpack_bframes', track.stream)
    packets = [new for packet in track.kept if packet.size for new in split.filter(packet)]
    packets += split.filter(None)
    for packet in packets:
        packet.stream = track.stream
    track.kept = [*packets, *(packet for packet in track.kept[-1:] if not packet.size)]
    return packets


def has_one_picture(content: bytes) -> bool:
    """Return whether a packet has exactly one picture."""
    return len(content) > EMPTY_SIZE and content.count(PICTURE) == 1


def picture_type(content: bytes) -> int:
    """Return 0 (I), 1 (P), 2 (B) or 3 (S): the two bits after the start code."""
    first_byte = content.index(PICTURE) + len(PICTURE)
    return content[first_byte] >> 6 if first_byte < len(content) else 0


def display_numbers(types: Sequence[int]) -> list[int]:
    """Return the number in the order of display of each picture in the order of decoding.

    >>> display_numbers([0, 1, 2, 2, 1])  # I P B B P
    [0, 3, 1, 2, 4]
    """
    numbers, held = [0] * len(types), None
    order = []
    for index, kind in enumerate(types):
        if kind == B_PICTURE:
            order.append(index)
            continue
        if held is not None:
            order.append(held)
        held = index
    if held is not None:
        order.append(held)
    for number, index in enumerate(order):
        numbers[index] = number
    return numbers
