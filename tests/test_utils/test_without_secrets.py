import doctest

from mmengine.config import ConfigDict

from mmavssl.utils import without_secrets as module
from mmavssl.utils.without_secrets import without_secrets


def test_at_any_depth():
    secret = {'backend': 'petrel', 'key': 'x'}
    opened = ConfigDict(type='OpenAVFile', backend_args=secret)
    pipeline = [opened, {'type': 'MultiView', 'strong': ({'type': 'A', 'backend_args': secret},)}]
    shown = without_secrets({'pipeline': pipeline, 'size': 3})
    assert shown == {
        'pipeline': [{'type': 'OpenAVFile'}, {'type': 'MultiView', 'strong': [{'type': 'A'}]}],
        'size': 3,
    }
    assert opened.backend_args == secret


def test_examples():
    assert doctest.testmod(module).failed == 0
