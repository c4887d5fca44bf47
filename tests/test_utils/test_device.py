import pytest
import torch

from mmavssl.utils.device import available_device
from mmavssl.utils.errors import ConfigError


def test_device_that_is_there():
    assert available_device('cpu') == torch.device('cpu')


@pytest.mark.parametrize('name', ['cuda:99', 'gpu'])
def test_device_that_is_not_there(name):
    with pytest.raises(ConfigError, match=rf"^device '{name}': .*\. Take cpu, cuda or cuda:1, or"):
        available_device(name)
