"""Configs in YAML and JSON; MMEngine's loader of YAML runs what a tag says."""

import time
from contextlib import suppress

import pytest
from mmengine.config import Config

from mmavssl.utils.configs import load_config

RUN = {
    'call': "x: !!python/object/apply:os.mknod ['pwned']",
    'long tag': "x: !<tag:yaml.org,2002:python/object/apply:os.mknod> ['pwned']",
    'handle': "%TAG !p! tag:yaml.org,2002:python/object/apply:\n---\nx: !p!os.mknod ['pwned']",
    'new': "x: !!python/object/new:os.mknod ['pwned']",
    'eval': """x: !!python/object/apply:eval ["open('pwned', 'w')"]""",
    'in a list': "x: [1, {a: !!python/object/apply:os.mknod ['pwned']}]",
    'key': "? !!python/object/apply:os.mknod ['pwned']\n: 1",
    'base': "_base_: !!python/object/apply:os.mknod ['pwned']",
}


@pytest.mark.parametrize('name', RUN)
def test_objects_are_refused(configs, name):
    assert "here is an object ('tag:yaml.org" in configs.refused(RUN[name], 'cfg.yaml')


@pytest.mark.parametrize('name', RUN)
def test_objects_would_have_run(configs, name):
    path = configs.write(RUN[name], 'cfg.yaml')
    with suppress(Exception):  # after the deed
        Config.fromfile(path)
    assert (configs.root / 'pwned').exists()


@pytest.mark.parametrize(
    ('text', 'part'),
    [
        ('x: !!python/name:os.system', 'an object'),
        ('x: !!python/module:antigravity', 'an object'),
        ('x: !own 1', 'an object'),
        ('x: !!binary aGk=', 'an object'),
        ('x: &a [1]\ny: *a', 'an alias'),
        ('x: &a [*a]', 'an alias'),
        ('x: ' + '[' * 100 + ']' * 100, 'a value nested too deeply'),
        ('x: ' + '[' * 100_000, 'cfg.yml'),
        ('x: [', 'this is no YAML'),
        ('x: 1\n---\ny: 1', 'this is no YAML'),
        ('- 1', 'expected keys and values, but got list'),
        ('_base_: {a: 1}', '`_base_` must be a path or a list of paths'),
        ("x: '{{$HOME:a}}'", 'here is a `{{`'),
    ],
)
def test_other_yaml(configs, text, part):
    begin = time.process_time()
    assert part in configs.refused(text, 'cfg.yml')
    assert time.process_time() - begin < 5


@pytest.mark.parametrize(
    'text', ['{', '[1]', '[' * 100_000, '{"x": ' + '[' * 900 + ']' * 900 + '}']
)
def test_other_json(configs, text):
    configs.refused(text, 'cfg.json')


@pytest.mark.parametrize(
    ('name', 'text'),
    [
        ('cfg.yaml', '_base_: base.py\nx: {y: {{_base_.a}}, z: [1, 2.5, null, true, 2024-01-01]}'),
        ('cfg.json', '{"_base_": ["base.py"], "x": {"y": {{_base_.a}}, "z": [1, null]}}'),
    ],
)
def test_data_are_as_without(configs, name, text):
    configs.write('a = dict(b=1)', 'base.py')
    path = str(configs.write(text, name))
    safe, run = load_config(path, safe=True), load_config(path)
    assert safe.to_dict() == run.to_dict()
    assert safe.x.y == {'b': 1}


@pytest.mark.parametrize('name', ['cfg.yaml', 'cfg.json'])
def test_bases_are_checked(configs, name):
    configs.write("x = open('pwned', 'w')", 'base.py')
    assert 'base.py:1: ' in configs.refused('{"_base_": "base.py"}', name)
