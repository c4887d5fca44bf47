"""docs/write_components.md as written: what its masker, threshold and algorithm compute."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from mmengine.registry import init_default_scope
from torch import nn

import mmavssl.datasets
import mmavssl.models  # noqa: F401  (both fill the registries)
from mmavssl.models.maskers import MaskResult
from mmavssl.models.recognizers.av_recognizer import RecognizerOutput
from mmavssl.models.thresholds.base import ThresholdResult
from mmavssl.registry import MASKERS, SSL_ALGORITHMS, THRESHOLDS
from mmavssl.structures import AVDataSample
from mmavssl.utils.config_check import check_config
from mmavssl.utils.configs import load_config
from mmavssl.utils.cost import CONVENTIONS
from mmavssl.utils.passes import Pass
from tests.test_docs.blocks import ROOT, read_blocks

PAGE = (ROOT / 'docs/write_components.md').read_text()
FILES = {b.file: b.text for b in read_blocks('docs/write_components.md') if b.file}
CONFIGS = [name for name in FILES if name.endswith('_config.py')]
GRID = (3, 8, 6)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the files of the page alone; registries forget them afterwards."""
    for registry in (MASKERS, THRESHOLDS, SSL_ALGORITHMS):
        registry.import_from_location()
        monkeypatch.setattr(registry, '_module_dict', dict(registry.module_dict))
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for name in FILES:
        sys.modules.pop(Path(name).stem, None)


@pytest.fixture
def component(folder: Path):
    """Return what runs a module of the page and returns its class."""

    def load(module: str, name: str) -> type:
        spec = importlib.util.spec_from_file_location(module, folder / f'{module}.py')
        loaded = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(loaded)
        return getattr(loaded, name)

    return load


def test_block_is_connected_and_of_the_share(component):
    masker = component('block_token', 'BlockToken')()
    torch.manual_seed(0)
    result = masker(torch.tensor([0.0, 0.25, 0.5, 1.0]), GRID)
    kept = result.mask.unflatten(2, GRID[1:])
    assert kept.sum((2, 3)).tolist() == [[0] * 3, [12] * 3, [24] * 3, [48] * 3]
    assert result.ratio.tolist() == [0.0, 0.25, 0.5, 1.0]
    for clip in kept[1:3]:
        assert (clip == clip[0]).all()  # the same in all frames
        rows, columns = clip[0].nonzero().T
        height, width = rows.max() - rows.min() + 1, columns.max() - columns.min() + 1
        assert height * width <= 2 * clip[0].sum()  # a rectangle, but for its rim


def test_blocks_differ_unless_drawn_once(component):
    block = component('block_token', 'BlockToken')
    torch.manual_seed(0)
    ratio = torch.full((8,), 0.25)
    assert len({str(mask.tolist()) for mask in block()(ratio, GRID).mask}) > 2
    assert len({str(mask.tolist()) for mask in block(per_batch=True)(ratio, GRID).mask}) == 1


def test_share_of_the_surest_passes(component):
    threshold = component('share_threshold', 'ShareThreshold')(share=0.7, momentum=0.2)
    torch.manual_seed(0)
    probs = torch.randn(200, 10).mul(3).softmax(dim=1)
    assert threshold(probs).weight.mean() == 1  # at first
    for _ in range(100):
        threshold.update(probs)
    result = threshold(probs)
    assert result.weight.mean() == pytest.approx(0.7, abs=0.02)
    assert result.conf[result.weight == 1].min() >= result.conf[result.weight == 0].max()
    assert threshold.log_vars() == {'thr_share': threshold.tau}
    assert set(threshold.state_dict()) == {'tau'}


class Scores(nn.Module):
    """A recognizer that takes what it sees for its logits."""

    def forward(self, video: torch.Tensor, audio: torch.Tensor | None) -> RecognizerOutput:
        return RecognizerOutput(video.flatten(1), None, None)


def test_losses_of_the_algorithm(component):
    init_default_scope('mmavssl')
    model = component('entropy_min', 'EntropyMinimization')(Scores(), weight=0.5)
    sample = AVDataSample()
    sample.set_gt_label(1)
    labeled, unlabeled = torch.tensor([[0.0, 2.0]]), torch.tensor([[1.0, 1.0], [0.0, 40.0]])
    losses = model.loss(
        {'labeled': {'weak': {'video': labeled}}, 'unlabeled': {'strong': {'video': unlabeled}}},
        {'labeled': [sample]},
    )
    assert losses['loss_sup'].item() == pytest.approx(torch.tensor(2.0).neg().exp().log1p().item())
    # ln 2 of the clip that may be either, nothing of the one that is sure.
    expected = 0.5 * torch.tensor(2.0).log().item() / 2
    assert losses['loss_unsup'].item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize('convention', CONVENTIONS)
def test_cost_of_the_algorithm(component, convention):
    """Both passes are the student's; what would be counted without it is one."""
    passes = component('entropy_min', 'EntropyMinimization').training_passes({}, convention)
    assert passes == [Pass('labeled clip'), Pass('strong view')]


@pytest.mark.parametrize('result', [MaskResult, ThresholdResult])
def test_fields_are_told_in_their_order(result):
    table = PAGE.partition(f'| `{result.__name__}` |')[2].partition('\n\n')[0]
    assert tuple(re.findall(r'^\| `(\w+)` \|', table, re.MULTILINE)) == result._fields


@pytest.mark.parametrize('config', CONFIGS)
def test_configs(config, folder, monkeypatch):
    monkeypatch.syspath_prepend(folder)
    check_config(load_config(config))


def test_each_module_has_a_config():
    modules = FILES.keys() - {*CONFIGS}
    assert {*CONFIGS} == {f'{Path(name).stem}_config.py' for name in modules}
