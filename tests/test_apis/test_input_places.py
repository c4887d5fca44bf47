import doctest

import pytest

from mmavssl.apis import input_places
from mmavssl.apis.input_places import check_storages, list_storage, local_path
from mmavssl.utils.errors import DataError


@pytest.mark.parametrize('prefix', ['ftp', 'gs', 'file2'])
def test_storages_that_do_not_exist(prefix):
    uri = f'{prefix}://host/a.mp4'
    for call in (list_storage, lambda uri: check_storages(['a.mp4', 'http://host/b.mp4', uri])):
        with pytest.raises(DataError) as error:
            call(uri)
        assert str(error.value) == (
            f'{uri}: there is no storage for {prefix}:// here. Download the files, and name their '
            'paths; http:// and https:// need nothing.'
        )


def test_storage_without_its_package():
    """As that of s3:// is, whose package is in no registry."""
    with pytest.raises(DataError, match=r'no storage for s3:// here \(Please install petrel'):
        check_storages(['s3://bucket/a.mp4'])


def test_folder_of_a_server():
    for uri in ('http://host/folder/', 'HTTPS://host/folder/?sorted=1'):
        with pytest.raises(DataError, match=r'looks like a folder, but HTTP has none\. Name'):
            list_storage(uri)
    assert list_storage('http://host/a.mp4?from=b/') is None


def test_file_of_another_machine():
    with pytest.raises(DataError, match=r"names the machine 'host'.* begins with file:///"):
        local_path('file://host/a.mp4')


def test_examples():
    assert doctest.testmod(input_places).failed == 0
