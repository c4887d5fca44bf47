"""An open media file, whose packets are listed once and then decoded from wherever it is needed.

Seeking in a file is inexact in some formats, and reads it again. Files of the size of a data set's
clips fit into memory as they are, compressed, so their packets go to the decoder from any key
frame on without a seek.
"""

import os
from collections.abc import Iterator, Sequence
from io import BytesIO
from itertools import islice

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition, Stream

from mmavssl.datasets.readers.media import (
    MAX_PIXELS,
    check_file,
    check_pixels,
    check_sample_rate,
    media_errors,
)
from mmavssl.utils.errors import DataError

# Larger files are read from the disk again for each view (bytes).
KEPT_SIZE = 64 * 2**20
# Containers with an index, in which seeking is exact.
SEEKABLE = ('mp4', 'matroska')
# Packets of a larger file that are in memory at a time.
PORTION = 1000
NAMES = {'video': 'video', 'audio': 'sound'}
# Files of these formats name others, which FFmpeg would read: what a stranger sends could show any
# file of the machine.
LISTS = {
    'concat', 'dash', 'hls', 'imf', 'lavfi', 'rtp', 'rtsp', 'sap', 'sdp', 'vobsub',
    'webm_dash_manifest',
}  # fmt: skip
# FFmpeg decodes some pictures to find out how they are coded; how they look does not matter then.
PROBING = {
    'skip_idct': 'all', 'skip_loop_filter': 'all', 'max_pixels': str(MAX_PIXELS),
    'format_whitelist': ','.join(sorted(av.formats_available - LISTS)),
}  # fmt: skip


class Track:
    """The pictures or the sound of an open file, as a list of packets in the order of the file.

    Attributes:
        stream: of PyAV, of the file that its packets were read from last.
        kind: ``video`` or ``audio``.
        pts: when each packet is shown, in units of the stream's ``time_base``; None: unknown.
        first_dts: when the first packet goes to the decoder, in the same units.
        is_key: whether decoding can begin there.
        is_shown: whether a packet has content that an edit list does not cut off.
        kept: the packets themselves, if the file is small.
        own: the file once more, for this track alone, if it is large and was read again.
    """

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.kind = stream.type
        self.own: InputContainer | None = None
        self.pts: list[int | None] = []
        self.first_dts: int | None = None
        self.is_key: list[bool] = []
        self.is_shown: list[bool] = []
        self.kept: list[Packet] | None = None

    @property
    def count(self) -> int:
        """Number of packets."""
        return len(self.pts)

    def add(self, packets: Sequence[Packet]) -> None:
        """Append packets; the last one of a stream, which has no content, drains the decoder."""
        packets = [packet for packet in packets if packet.size]
        if packets and not self.pts:
            self.first_dts = packets[0].dts
        self.pts += [packet.pts for packet in packets]
        self.is_key += [packet.is_keyframe for packet in packets]
        self.is_shown += [not packet.is_discard for packet in packets]

    def reopen(self, container: InputContainer) -> None:
        """Take the packets from another opening of the file from now on."""
        self.stream = container.streams.best(self.kind)
        prepare(self.stream)
        if self.own is not None:
            self.own.close()  # its streams crash Python from now on
        self.own = container

    def forget(self) -> None:
        """Give back what reading needs."""
        if self.kept is not None:
            self.kept = []
        if self.own is not None:
            self.own.close()


class MediaFile:
    """A video or sound file that stays open.

    Args:
        path: of the file, or where its content comes from.
        content: of a file that is not on the disk.
        kinds: streams that are wanted.

    Attributes:
        video: the pictures, or None where there are none, or not wanted.
        audio: the sound, likewise.

    Raises:
        DataError: missing, empty or unreadable file, or one without a decoder for its video.
    """

    def __init__(
        self,
        path: str,
        content: bytes | None = None,
        kinds: Sequence[str] = ('video', 'audio'),
    ) -> None:
        self.path = path
        self.content = content
        if content is None:
            check_file(path)
        elif not content:
            raise DataError(f'{path} is empty (0 bytes). Fetch or convert it again.')
        with media_errors(path, NAMES[kinds[0]]):
            self._container = self._open()
            self.video = self._track('video') if 'video' in kinds else None
            self.audio = self._track('audio') if 'audio' in kinds else None
            self._list_packets()

    @property
    def formats(self) -> tuple[str, ...]:
        """FFmpeg's names of the container."""
        return tuple(self._container.format.name.split(','))

    @property
    def is_seekable(self) -> bool:
        """Whether the container has an index of its packets' times."""
        return not set(SEEKABLE).isdisjoint(self.formats)

    def promised(self, track: Track) -> int:
        """Return how many packets the table of an MP4 file has, as edit lists leave it.

        Other formats have no such table, or a coarse one: 0.
        """
        return len(track.stream.index_entries) if 'mp4' in self.formats else 0

    def packets(self, track: Track, first: int = 0) -> Iterator[Packet]:
        """Yield packets for a decoder that remembers none before, the drain included.

        Args:
            track: of this file.
            first: number of the packet to begin with. Where a file is not kept, earlier ones may
                come before it.
        """
        if track.kept is not None:
            track.stream.codec_context.flush_buffers()
            return iter(track.kept[first:])
        begins = not (first and self.is_seekable)
        if track.own is None or begins:  # seeking to the start is not exact in all formats
            track.reopen(self._open())
        if not begins:
            track.own.seek(track.pts[first], stream=track.stream, backward=True)
        return track.own.demux(track.stream)

    def close(self) -> None:
        """Close the file and forget its packets."""
        self._container.close()
        for track in (self.video, self.audio):
            if track:
                track.forget()

    @property
    def source(self) -> str | BytesIO:
        """What FFmpeg opens.

        A whole path: it takes a relative one that begins like ``http:`` or ``concat:`` for the
        address of something else.
        """
        return os.path.abspath(self.path) if self.content is None else BytesIO(self.content)

    def _open(self) -> InputContainer:
        try:
            return av.open(self.source, options=PROBING)
        except av.ArgumentError as error:  # not in the list of formats
            raise DataError(
                f'{self.path}: its format is not read. A playlist or another list of files is no '
                'video: give the files themselves.'
            ) from error

    def _track(self, kind: str) -> Track | None:
        stream = self._container.streams.best(kind)
        if stream is None or stream.disposition & Disposition.attached_pic:
            return None
        if stream.codec_context is None:
            raise DataError(
                f'{self.path}: there is no decoder for its {NAMES[kind]}. Convert the file.'
            )
        if kind == 'video':
            check_pixels(self.path, stream.codec_context.width, stream.codec_context.height)
        else:
            check_sample_rate(self.path, stream.codec_context.sample_rate)
        prepare(stream)
        return Track(stream)

    def _list_packets(self) -> None:
        tracks = [track for track in (self.video, self.audio) if track]
        if not tracks:
            return
        packets = self._container.demux(*(track.stream for track in tracks))
        is_small = 0 < self._container.size < KEPT_SIZE
        while portion := list(packets if is_small else islice(packets, PORTION)):
            for track in tracks:
                own = [packet for packet in portion if packet.stream is track.stream]
                track.add(own)
                if is_small:
                    track.kept = own


def prepare(stream: Stream) -> None:
    """Choose how a stream is decoded.

    The parallelism is left to the workers of the data loader, giant pictures are refused, and the
    check sums of FLAC, which alone has some, are compared.
    """
    if stream.type == 'video':
        stream.codec_context.options = {'max_pixels': str(MAX_PIXELS)}
        stream.thread_type = 'NONE'
        stream.codec_context.thread_count = 1
    elif stream.codec_context.name == 'flac':
        stream.codec_context.options = {'err_detect': 'crccheck+explode'}
