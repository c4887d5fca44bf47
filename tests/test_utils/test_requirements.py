"""What is missing of a package that stands for mmavssl, in a folder of its own."""

import sys
from importlib import metadata

import pytest

from mmavssl.utils import requirements
from mmavssl.utils.requirements import check_extras, check_needed, plugins

NEEDS = """
Requires-Dist: good>=1.0
Requires-Dist: old>=2.0,<3
Requires-Dist: absent>=0.5
Requires-Dist: broken
Requires-Dist: graphics>=4
Requires-Dist: elsewhere; sys_platform == "nowhere"
Requires-Dist: good; extra == "more"
Requires-Dist: absent>=0.5; extra == "more"
Requires-Dist: good; extra == "enough"
Requires-Dist: absent; extra == "dev"
Provides-Extra: more
Provides-Extra: enough
Provides-Extra: dev
""".strip()


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Return what installs a package of some version, with a module."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(requirements, 'DISTRIBUTION', 'stand-in')
    monkeypatch.setattr(requirements, 'MODULES', {'graphics': 'stand_in_cv2'})
    monkeypatch.setattr(requirements, 'REMEDIES', {'graphics': 'install headless'})
    monkeypatch.setattr(requirements, 'ALTERNATIVES', {'graphics': ('headless',)})

    def install(name, version, text='', needs=''):
        folder = tmp_path / f'{name.replace("-", "_")}-{version}.dist-info'
        folder.mkdir()
        lines = f'Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}\n'
        (folder / 'METADATA').write_text(lines)
        (tmp_path / f'{name}.py').write_text(text)

    yield install
    for name in ('good', 'old', 'broken', 'stand_in_cv2'):
        sys.modules.pop(name, None)


@pytest.fixture
def stand_in(site, tmp_path):
    site('stand-in', '1.0', needs=NEEDS)
    site('good', '1.1rc1')
    site('old', '1.9')
    site('broken', '7.0', 'raise OSError("libX.so.1: cannot\\nopen")')
    (tmp_path / 'stand_in_cv2.py').write_text('raise ImportError("libGL.so.1")')


def test_each_package_with_its_remedy(stand_in, site, tmp_path):
    site('headless', '4.8')
    found = {each.name: each for each in check_needed()}
    assert list(found) == ['good', 'old', 'absent', 'broken', 'headless']
    assert found['good'] == ('good', '1.1rc1', '')
    assert found['old'].problem == (
        "old 1.9 is installed, but needed is old<3,>=2.0: pip install 'old<3,>=2.0'"
    )
    assert found['absent'][1:] == (None, "absent is missing: pip install 'absent>=0.5'")
    assert found['broken'].problem == (
        'broken 7.0 does not import (OSError: libX.so.1: cannot open): '
        "pip install --force-reinstall 'broken'"
    )
    assert found['headless'].version == '4.8'
    assert found['headless'].problem == (
        'headless 4.8 does not import (ImportError: libGL.so.1): install headless'
    )
    (tmp_path / 'stand_in_cv2.py').write_text('')
    sys.modules.pop('stand_in_cv2', None)
    [*_, headless] = check_needed()
    assert headless == ('headless', '4.8', '')


def test_extras(stand_in):
    assert check_extras() == {'more': ['absent>=0.5'], 'enough': []}


def test_not_installed(site):
    with pytest.raises(metadata.PackageNotFoundError, match='stand-in'):
        check_needed()


def test_without_packaging(stand_in, monkeypatch):
    monkeypatch.setitem(sys.modules, 'packaging.requirements', None)
    with pytest.raises(metadata.PackageNotFoundError, match='packaging'):
        check_needed()


def test_plugins(site):
    site('stand-in', '1.0')
    site('stand_in_Loud', '0.1')  # by its name
    site('other', '0.2', needs='Requires-Dist: stand-in (>=1.0)')
    site('good', '1.0', needs='Requires-Dist: stand-in-base')
    found = plugins()
    assert {name: found.get(name) for name in ('stand-in-loud', 'other', 'good', 'stand-in')} == {
        'stand-in-loud': '0.1', 'other': '0.2', 'good': None, 'stand-in': None,
    }  # fmt: skip
