from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mmavssl.evaluation.functional.localization import (
    box_masks,
    boxes_to_pixels,
    consensus_iou,
    flickr_ground_truth,
    mask_precision,
    peak_position,
    points_into,
    success_auc,
    success_rate,
    top_pixels,
    upsample_maps,
    vggss_ground_truth,
)

FIXTURE = Path(__file__).parents[2] / 'data' / 'parity_fnac.npz'
RULES = {'flickr': flickr_ground_truth, 'vggss': vggss_ground_truth}


@pytest.fixture(scope='module')
def parity():
    with np.load(FIXTURE) as archive:
        return {name: archive[name] for name in archive.files}


@pytest.mark.parametrize('rule', RULES)
def test_parity_of_benchmarks(parity, rule):
    maps = upsample_maps(torch.from_numpy(parity['d/low']), 224)
    boxes = torch.from_numpy(parity['d/boxes'])
    cious = [
        consensus_iou(top_pixels(heatmap), RULES[rule](annotators))
        for heatmap, annotators in zip(maps, boxes, strict=True)
    ]
    np.testing.assert_allclose(cious, parity[f'd/{rule}/ciou'], atol=1e-5)
    summary = [success_rate(cious) / 100, np.mean(cious), success_auc(cious) / 100]
    np.testing.assert_allclose(summary, parity[f'd/{rule}/summary_ap50_avg_auc'], atol=1e-5)


@pytest.mark.parametrize('case', ['spec', 'mel'])
def test_parity_of_upsampling(parity, case):
    maps = upsample_maps(torch.from_numpy(parity[f'a/{case}/map_over_tau']).double(), 224)
    expected = parity[f'a/{case}/up_bilinear_ac_stride16']
    np.testing.assert_allclose(maps[:, ::16, ::16], expected, atol=1e-5)


def test_upsampling_of_a_constant_map():
    assert torch.equal(upsample_maps(torch.full((1, 2, 2), 3.0), 4), torch.full((1, 4, 4), 3.0))


@pytest.mark.parametrize('value', [float('nan'), float('inf'), -float('inf')])
@pytest.mark.parametrize('cells', [1, 49])
def test_map_that_is_not_finite_marks_nothing(value, cells):
    maps = torch.rand(2, 7, 7, generator=torch.Generator().manual_seed(0))
    maps[1].view(-1)[:cells] = value
    for fine in (*upsample_maps(maps, 28)[1:], *upsample_maps(maps, 28, False)[1:], maps[1]):
        assert not fine.isfinite().all()
        for count in (None, 1, 49):
            assert not top_pixels(fine, count).any()
        assert not points_into(fine, torch.tensor([0.0, 0.0, 28.0, 28.0]))
        assert consensus_iou(top_pixels(fine), torch.zeros_like(fine)) == 0
    assert torch.equal(upsample_maps(maps, 28)[0], upsample_maps(maps[:1], 28)[0])


def test_annotations_to_pixels():
    flickr = boxes_to_pixels(torch.tensor([[0, 100, 255, 256]]), 256)
    assert flickr.tolist() == [[0, 87, 223, 224]]  # int(224 * x / 256)
    vggss = boxes_to_pixels(torch.tensor([[-0.1, 0.25, 0.999, 1.2]]), 1)
    assert vggss.tolist() == [[0, 56, 223, 224]]


def test_consensus_and_union():
    boxes = torch.tensor([[0, 0, 2, 2], [1, 0, 3, 2], [1, 1, 3, 3]])
    assert flickr_ground_truth(boxes, 3).tolist() == [[0.5, 1, 0.5], [0.5, 1, 1], [0, 0.5, 0.5]]
    assert vggss_ground_truth(boxes, 3).tolist() == [[1, 1, 1], [1, 1, 1], [0, 1, 1]]


def test_box_masks_against_slices():
    boxes = torch.tensor([[1, 2, 4, 5], [0, 0, 0, 3]])
    expected = torch.zeros(2, 6, 6, dtype=torch.double)
    expected[0, 2:5, 1:4] = 1
    assert torch.equal(box_masks(boxes, 6), expected)


def test_top_pixels():
    heatmap = torch.randperm(36, generator=torch.Generator().manual_seed(0)).view(6, 6)
    assert torch.equal(top_pixels(heatmap), heatmap >= 18)
    for count in (1, 7, 36):
        assert torch.equal(top_pixels(heatmap, count), heatmap >= 36 - count)
    assert top_pixels(torch.arange(5).view(1, 5)).tolist() == [[False, False, True, True, True]]


def test_auc_against_trapezoids():
    cious = np.random.RandomState(0).rand(50)
    thresholds = np.linspace(0, 1, 21)
    rates = np.array([(cious >= t).mean() for t in thresholds])
    expected = 100 * sum((rates[i] + rates[i + 1]) / 2 * 0.05 for i in range(20))
    assert success_auc(cious) == pytest.approx(expected)


@pytest.mark.parametrize('cell', [(0, 0), (1, 2), (3, 3)])
def test_peak_is_the_middle_of_the_visible_cell(cell):
    low = torch.rand(1, 4, 4, generator=torch.Generator().manual_seed(0))
    low[0, cell[0], cell[1]] = 2.0
    heatmap = upsample_maps(low, 64, align_corners=False)[0]
    x, y = peak_position(heatmap)
    assert (int(y) // 16, int(x) // 16) == cell
    box = torch.tensor([cell[1] * 16, cell[0] * 16, cell[1] * 16 + 16, cell[0] * 16 + 16])
    assert points_into(heatmap, box)
    assert not points_into(heatmap, torch.tensor([25, 40, 30, 47]))


def test_mask_precision_against_pixels():
    torch.manual_seed(0)
    grid, side = (3, 4), 60
    mask = torch.rand(5, 12) < 0.5
    mask[:, 0] = True
    low, extent = torch.randint(0, 30, (5, 2)), torch.randint(1, 30, (5, 2))
    boxes = torch.cat([low, low + extent], dim=1)
    ours = mask_precision(mask, boxes / side, grid)
    kept = F.interpolate(mask.view(5, 1, *grid).float(), (side, side)).squeeze(1).double()
    expected = (kept * box_masks(boxes, side)).sum((1, 2)) / kept.sum((1, 2))
    torch.testing.assert_close(ours, expected, atol=1e-6, rtol=0)
    assert mask_precision(torch.zeros(1, 12, dtype=torch.bool), boxes[:1] / side, grid).isnan()
