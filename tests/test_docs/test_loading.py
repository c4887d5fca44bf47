"""The storage backend of docs/loading.md, for files in memory in place of those of a bucket."""

from unittest.mock import patch

import fsspec
import numpy as np
import pytest
from mmengine.fileio.backends import backends, prefix_to_backends

from mmavssl.datasets.transforms import OpenAVFile
from mmavssl.utils.errors import DataError
from tests.test_docs.blocks import read_blocks


@pytest.fixture
def registered():
    """Run the block for ``memory://`` and forget the backend after the test."""
    [block] = [b for b in read_blocks('docs/loading.md') if b.text.startswith('# s3_files.py')]
    assert block.text.count("prefixes='s3'") == 1
    with patch.dict(backends), patch.dict(prefix_to_backends):
        exec(block.text.replace("prefixes='s3'", "prefixes='memory'"), {})
        yield


@pytest.mark.usefixtures('registered')
def test_clips_of_a_backend_of_ones_own(avsprites_root):
    clip = min(avsprites_root.rglob('*.mp4'))
    fsspec.filesystem('memory').pipe_file('/clips/a.mp4', clip.read_bytes())
    remote = OpenAVFile()({'video_path': 'memory://clips/a.mp4'})
    local = OpenAVFile()({'video_path': str(clip)})
    wanted = np.array([0, 7])
    np.testing.assert_array_equal(
        remote['video_file'].frames(wanted), local['video_file'].frames(wanted)
    )
    np.testing.assert_array_equal(remote['audio_file'].waveform, local['audio_file'].waveform)


@pytest.mark.usefixtures('registered')
def test_what_is_not_there(monkeypatch):
    monkeypatch.setattr('mmavssl.datasets.readers.storage.PAUSES', ())
    with pytest.raises(DataError, match=r'memory://clips/none\.mp4: the storage does not give'):
        OpenAVFile()({'video_path': 'memory://clips/none.mp4'})


def test_the_prefix_is_forced_as_mmengine_has_one():
    assert 's3' in prefix_to_backends
