"""docs/site_links.py: links of pages, on the site."""

from __future__ import annotations

import importlib.util
from types import SimpleNamespace

import pytest

from tests.test_docs.blocks import ROOT


@pytest.fixture(scope='module')
def hook():
    spec = importlib.util.spec_from_file_location('site_links', ROOT / 'docs/site_links.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ('place', 'before', 'after'),
    [
        ('a.md', '[x](plugins.md#other-kinds)', '[x](plugins.md#other-kinds)'),
        ('a.md', '[x](../README.md)', '[x](repository/README.md)'),
        ('a.md', '[`x`](../mmavssl/registry.py) y', '[`x`](repository/mmavssl/registry.py) y'),
        ('a.md', '[x](../configs/localizers)', '[x](repository/configs/localizers/README.md)'),
        ('a.md', 'an [x](../tests/fidelity).', 'an x.'),
        ('a.md', '[x](#here) [y](https://a.b/c)', '[x](#here) [y](https://a.b/c)'),
        ('a.md', '`[x](../README.md)`', '`[x](../README.md)`'),
        ('a.md', '```\n[x](../README.md)\n```', '```\n[x](../README.md)\n```'),
        ('repository/model_zoo.md', '![x](docs/images/m.png)', '![x](../images/m.png)'),
        ('repository/model_zoo.md', '[x](docs/evidence.md#why)', '[x](../evidence.md#why)'),
        ('repository/configs/ltg/README.md', '[x](../../setup.py)', '[x](../../setup.py)'),
        ('examples/localizer_plugin/README.md', '[x](../../plugins.md)', '[x](../../plugins.md)'),
    ],
)
def test_links(hook, place, before, after):
    assert on_page(hook, place, before) == after


def on_page(hook, place, text):
    """Return the text of a page of a site with titles for two of the files."""
    titles = {'plugins.md': 'Plugins', 'repository/README.md': 'README', 'weights.md': None}
    pages = {path: SimpleNamespace(page=SimpleNamespace(title=titles[path])) for path in titles}
    page = SimpleNamespace(file=SimpleNamespace(src_uri=place))
    return hook.on_page_markdown(text, page, None, SimpleNamespace(get_file_from_path=pages.get))


@pytest.mark.parametrize(
    ('before', 'after'),
    [
        ('[plugins.md](plugins.md)', '[Plugins](plugins.md)'),
        ('[`plugins.md`](plugins.md#other-kinds)', '[Plugins](plugins.md#other-kinds)'),
        ('[docs/plugins.md](plugins.md)', '[Plugins](plugins.md)'),
        ('[README.md](../README.md)', '[README](repository/README.md)'),
        ('[see plugins.md](plugins.md)', '[see plugins.md](plugins.md)'),
        ('[ins.md](plugins.md)', '[ins.md](plugins.md)'),
        ('[x.md](plugins.md)', '[x.md](plugins.md)'),
        ('[`setup.py`](../setup.py)', '[`setup.py`](repository/setup.py)'),
        ('[weights.md](weights.md)', '[weights.md](weights.md)'),  # not in the navigation
        ('[faq.md](faq.md)', '[faq.md](faq.md)'),  # not on this site
        ('`[plugins.md](plugins.md)`', '`[plugins.md](plugins.md)`'),
    ],
)
def test_titles_stand_for_names_of_files(hook, before, after):
    assert on_page(hook, 'a.md', before) == after


def test_files_that_a_page_leads_to(hook):
    text = '[a](../README.md) `[b](../setup.py)` [c](https://d.e) [f](../tests/fidelity) [g](#h)'
    assert list(hook.links('docs/a.md', text)) == ['README.md']
