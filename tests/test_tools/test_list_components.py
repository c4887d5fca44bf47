"""docs/components.md is what the code says, and the tool says it."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from mmavssl import registry
from mmavssl.models.maskers import BaseMasker, RandomToken

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope='module')
def tool():
    path = ROOT / 'tools/docs/list_components.py'
    spec = importlib.util.spec_from_file_location('list_components', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope='module')
def text(tool) -> str:
    return tool.catalogue()


def test_page_is_not_stale(tool, text):
    assert text in (ROOT / 'docs/components.md').read_text(), f'run python {tool.TOOL}'


def test_every_registry_with_a_component_is_there(tool, text):
    headings = re.findall(r'^## (.*)$', text, re.MULTILINE)
    assert headings[0] == 'MODELS, SSL_ALGORITHMS'
    assert headings[-1] == 'Others'
    named = {name for heading in headings for name in heading.split(', ')}
    for names, kind in tool.own_registries().items():
        assert (names.split(', ')[0] in named) == bool(tool.components(kind))
    assert {'MASKERS', 'LOCALIZERS', 'HOOKS', 'TRANSFORMS'} < named
    assert '`RUNNERS`' in text


def test_row_has_line_file_and_arguments(text):
    assert (
        '| [RandomToken](../mmavssl/models/maskers/random_token.py) | '
        "Random-token masks of SVFormer's ablation (paper, section 3.2). | "
        "`per_batch=False`, `rounding='nearest'` |"
    ) in text
    assert 'In configs: `backbone`, `audio_backbone`, `video_backbone`.' in text


def test_arguments(tool):
    class Base:
        def __init__(self, size, kind=int, *, last=None):
            pass

    class Open(Base):
        def __init__(self, first='a', **kwargs):
            pass

    class Free:
        def __init__(self, **branches):
            pass

    assert tool.arguments(Base) == ['size', 'kind=int', 'last=None']
    assert tool.arguments(Open) == ["first='a'", 'size', 'kind=int', 'last=None']
    assert tool.arguments(Free) == ['**branches']
    assert tool.arguments(object) == []
    assert tool.arguments(RandomToken) == tool.arguments(BaseMasker)


def test_every_component_says_what_it_is(tool):
    for kind in tool.own_registries().values():
        for name, component in tool.components(kind).items():
            assert (component.__doc__ or '').strip(), name


def test_write(tool, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')  # the tool sets these two
    monkeypatch.setenv('LOCAL_RANK', '0')
    monkeypatch.setattr(tool, 'catalogue', lambda: 'new')
    monkeypatch.setattr(tool, 'ROOT', tmp_path)
    monkeypatch.setattr(tool, 'PAGE', tmp_path / 'page.md')
    assert tool.main(['--write']) == 2
    assert 'needs a clone of the repository' in capsys.readouterr().err
    begin, end = f'<!-- components: written by {tool.TOOL} -->', '<!-- end of components -->'
    tool.PAGE.write_text(f'# A\n{begin}\nold\n{end}\nB\n')
    assert tool.main(['--write']) == 0
    assert tool.PAGE.read_text() == f'# A\n{begin}\n\nnew\n\n{end}\nB\n'
    assert tool.main([]) == 0
    assert capsys.readouterr().out == 'page.md\nnew\n'


def test_registries_are_those_of_the_module(tool):
    assert registry.MASKERS in tool.own_registries().values()
    assert registry.MMENGINE_MODELS not in tool.own_registries().values()
