import av
import pytest

from mmavssl.datasets.readers.media_file import MediaFile
from mmavssl.datasets.readers.picture_sizes import keeps_size, units, vp8_size, vp9_size


@pytest.mark.parametrize(
    ('codec', 'name', 'read'),
    [('libvpx', 'a.webm', vp8_size), ('libvpx-vp9', 'a.webm', vp9_size)],
)
def test_size_is_in_key_frames_alone(make_video, codec, name, read):
    path = make_video(name, codec=codec, size=(96, 80), sample_rate=None, seconds=1.0)
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux() if packet.size]
        found = [(packet.is_keyframe, read(bytes(packet))) for packet in packets]
    assert (True, (96, 80)) in found
    assert all(size == ((96, 80) if is_key else None) for is_key, size in found)


def test_parameter_set_of_h264(make_video):
    media = MediaFile(str(make_video(sample_rate=None)))
    header = media.video.stream.codec_context.extradata
    packet = bytes(media.video.kept[0])
    assert len(list(units(packet))) > 0
    assert keeps_size('h264', packet, (64, 48), header)
    other = b'\x67\x42\x00\x0a' + bytes(9)
    assert not keeps_size('h264', len(other).to_bytes(4, 'big') + other, (64, 48), header)
    assert keeps_size('h264', b'', (64, 48), header)
