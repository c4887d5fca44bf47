"""Facts on this machine, and on machines that lack something."""

import json
import re
import sys
from importlib.metadata import PackageNotFoundError

import pytest
import torch

from mmavssl.utils import environment, requirements
from mmavssl.utils.commands import shipped
from mmavssl.utils.environment import describe_environment, notes
from mmavssl.utils.requirements import Found
from mmavssl.version import __version__


@pytest.fixture
def packages(monkeypatch):
    """Return what sets the packages that are found."""

    def set_packages(*found):
        monkeypatch.setattr(requirements, 'check_needed', lambda: list(found))

    set_packages(Found('torch', '2.0'))
    return set_packages


def test_facts(packages):
    facts = describe_environment()
    assert facts['mmavssl'] == __version__
    assert facts['python'].startswith('{}.{}.{}'.format(*sys.version_info[:3]))
    assert facts['packages'] == {'torch': '2.0'}
    assert len(facts['gpus']) == torch.cuda.device_count()
    number = int(facts['configs'].split()[0])
    assert number == sum('_base_' not in p.parts for p in shipped('configs').rglob('*.py'))
    assert facts['problems'] == []
    assert json.loads(json.dumps(facts)) == facts


def test_problems_are_those_of_the_packages(packages):
    packages(Found('timm', None, 'timm is missing'), Found('av', '1.0'), Found('a', '1', 'broken'))
    facts = describe_environment()
    assert facts['problems'] == ['timm is missing', 'broken']
    assert facts['packages'] == {'timm': None, 'av': '1.0', 'a': '1'}


@pytest.mark.parametrize(
    ('name', 'problem'),
    [
        ('mmavssl', 'mmavssl is on the path, but not installed, .*: pip install -e .'),
        ('packaging', 'packaging is missing, .*: pip install packaging$'),
    ],
)
def test_needs_that_cannot_be_told(monkeypatch, name, problem):
    def refuse():
        raise PackageNotFoundError(name)

    monkeypatch.setattr(requirements, 'check_needed', refuse)
    monkeypatch.setattr(requirements, 'check_extras', refuse)
    facts = describe_environment()
    assert facts['packages'] == facts['extras'] == {}
    [found] = facts['problems']
    assert re.match(problem, found)


def test_package_without_configs(packages, monkeypatch):
    monkeypatch.setattr(environment, 'shipped_configs', list)
    assert describe_environment()['problems'] == [
        f'{shipped("configs")} has no configs: install mmavssl again'
    ]


@pytest.mark.parametrize('package', ['torch', 'mmengine.utils.dl_utils'])
def test_machine_without_packages(packages, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    assert describe_environment()['gpus'] == []


def test_gpu_that_torch_does_not_see(monkeypatch, tmp_path):
    monkeypatch.setattr(environment, 'SHARED_MEMORY', tmp_path / 'nowhere')
    driver = {'driver': 'NVRM version: 535', 'gpus': [], 'cuda': None}
    [note] = notes(driver)
    assert 'torch, built without CUDA, sees no GPU: install a build that' in note
    assert 'built for CUDA 12.4' in notes({**driver, 'cuda': '12.4'})[0]
    assert notes({**driver, 'gpus': ['T4']}) == []


def test_little_shared_memory(monkeypatch, tmp_path):
    none = {'driver': None, 'gpus': [], 'cuda': None}
    monkeypatch.setattr(environment, 'SHARED_MEMORY', tmp_path)
    monkeypatch.setattr(environment, 'MIN_SHARED_GB', 0)
    assert notes(none) == []
    monkeypatch.setattr(environment, 'MIN_SHARED_GB', 10**9)
    [note] = notes(none)
    assert 'docker run --shm-size=8g, or train_dataloader.num_workers=0' in note
