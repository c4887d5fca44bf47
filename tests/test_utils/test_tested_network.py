import pytest
from mmengine.config import Config

from mmavssl.models.algorithms import SemiSupervisedRecognizer
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.tested_network import set_tested_network


@pytest.mark.parametrize('name', ['student', 'teacher', 'both'])
def test_of_an_algorithm_with_two(name):
    cfg = Config(dict(model=dict(type='SemiSupervisedRecognizer')))
    set_tested_network(cfg, name)
    assert cfg.model.test_with == name


def test_of_an_algorithm_with_one():
    cfg = Config(dict(model=dict(type='SupervisedRecognizer')))
    set_tested_network(cfg, 'student')
    assert cfg.model == dict(type='SupervisedRecognizer')
    with pytest.raises(ConfigError, match=r'^--use teacher: SupervisedRecognizer has no teach'):
        set_tested_network(cfg, 'teacher')


def test_of_an_algorithm_that_is_given_as_a_class():
    cfg = Config(dict(model=dict(type=SemiSupervisedRecognizer)))
    set_tested_network(cfg, 'teacher')
    assert cfg.model.test_with == 'teacher'
