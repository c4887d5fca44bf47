import pytest
import torch

from mmavssl.models.utils.fit import MisfitError, describe_misfit, is_allowed, settle
from mmavssl.models.utils.report import Report

TARGET = {'a.weight': torch.zeros(3), 'a.bias': torch.zeros(3), 'b': torch.zeros(2)}


def test_all_of_it_fits():
    report = Report()
    state = {name: torch.ones_like(tensor) for name, tensor in TARGET.items()}
    assert settle(state, TARGET, report) == state
    assert report.dropped == report.initial == []


def test_what_does_not_fit_is_named():
    state = {'a.weight': torch.ones(4), 'a.bias': torch.ones(3), 'c': torch.ones(1)}
    with pytest.raises(MisfitError) as info:
        settle(state, TARGET, Report())
    assert str(info.value).startswith(
        'unexpected: c; missing: b; of another shape: a.weight (4,) instead of (3,). Take another '
    )


def test_what_is_allowed_is_left_out_and_reported():
    state, report = (
        {'a.weight': torch.ones(4), 'a.bias': torch.ones(3), 'c': torch.ones(1)},
        Report(),
    )
    assert set(settle(state, TARGET, report, ['a.*', '[bc]'])) == {'a.bias'}
    assert report.dropped == [('a.weight', 'a.weight'), ('c', 'c')]
    assert report.initial == ['a.weight', 'b']


def test_what_fits_is_taken_though_it_is_allowed_not_to():
    state = {name: torch.ones_like(tensor) for name, tensor in TARGET.items()}
    assert settle(state, TARGET, Report(), ['*']) == state


def test_what_is_dropped_is_left_out_though_it_fits():
    state, report = {name: torch.ones_like(tensor) for name, tensor in TARGET.items()}, Report()
    assert set(settle(state, TARGET, report, drop=['a.*'])) == {'b'}
    assert report.initial == ['a.weight', 'a.bias']
    assert report.dropped == [('a.weight', 'a.weight'), ('a.bias', 'a.bias')]


def test_what_the_report_leaves_may_be_missing():
    report = Report()
    report.leave('b')
    state = {name: tensor for name, tensor in TARGET.items() if name != 'b'}
    assert settle(state, TARGET, report) == state


def test_long_lists_are_cut():
    source = {f'x{i}': torch.ones(1) for i in range(9)}
    assert describe_misfit(source, {}) == 'unexpected: x0, x1, x2, x3, x4 and 4 more'


def test_patterns_are_a_shells():
    assert is_allowed('blocks.3.ls1.gamma', ['blocks.*.ls?.gamma'])
    assert not is_allowed('blocks.3.ls1.gamma', ['gamma', 'blocks'])
    assert not is_allowed('x', [])
