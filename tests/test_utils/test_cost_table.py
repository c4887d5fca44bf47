"""Rows and tables of the configs of a folder."""

import pytest

from mmavssl.utils.cost_table import cost_rows, cost_table, published_table
from mmavssl.utils.errors import ConfigError

CONFIG = """
model = dict(
    type='SupervisedRecognizer',
    student=dict(
        type='AVRecognizer',
        backbone=dict(
            type='TimeSformer', img_size=16, patch_size=8, num_frames=2, embed_dims=8, depth=1,
            num_heads=2,
        ),
        head=dict(type='ClsHead', in_channels=8, num_classes=2),
    ),
)
input_size = dict(num_frames=2, size=16)
"""
METAFILE = """
Models:
  - Name: a
    Config: configs/method/a.py
    Metadata:
      Paper Table 2: {Parameters (M): 254, GMACs per iteration: 820.998}
  - Name: b
    Config: configs/method/b.py
    Metadata: {}
"""


@pytest.fixture
def folder(tmp_path):
    for name in ('method/a', 'method/b', '_base_/part'):
        path = tmp_path / f'{name}.py'
        path.parent.mkdir(exist_ok=True)
        path.write_text(CONFIG)
    (tmp_path / 'method/metafile.yml').write_text(METAFILE)
    return tmp_path


def test_rows(folder):
    first, second = cost_rows(folder)
    assert first['config'] == 'method/a.py'
    assert first['published'] == {'params_m': 254, 'gmacs_iteration': 820.998}
    assert second == {**first, 'config': 'method/b.py', 'published': None}
    assert first['params_total'] == first['params_trainable'] > 0
    assert first['params_localizer'] == 0
    assert first['paper']['gmacs_iteration'] == first['paper']['gmacs_forward']
    assert first['full'].keys() == first['paper'].keys()


def test_tables(folder):
    rows = cost_rows(folder)
    rows[0].update(params_total=2_500_000, params_trainable=1_000_000)
    rows[0]['paper'] = dict(gmacs_forward=1.5, gmacs_iteration=6.0004)
    rows[0]['full'] = dict(gmacs_forward=1.75, gmacs_iteration=7.0)
    header, _, first, _ = cost_table(rows).splitlines()
    assert first == (
        '| `method/a.py` | 2.500          | 1.000         | 1.500       | 6.000         '
        '| 1.750            | 7.000              |'
    )
    assert len(header) == len(first)
    *_, known = published_table(rows).splitlines()
    assert known.replace(' ', '') == '|`method/a.py`|2.500|254|6.000|820.998|'


def test_config_that_cannot_be_counted_is_named(folder):
    (folder / 'method/b.py').write_text("model = dict(type='Other')\n")
    with pytest.raises(ConfigError, match=r'method/b\.py: .*`student` or a `localizer`'):
        cost_rows(folder)
