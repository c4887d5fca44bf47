import torch

from mmavssl.engine.pseudo_label_counts import PseudoLabelCounts, hidden_labels, thresholds_of
from mmavssl.models.thresholds import FixedThreshold, ThresholdPair
from mmavssl.models.thresholds.base import ThresholdResult
from mmavssl.structures import AVDataSample
from tests.test_engine.test_no_waiting import Waits


def pseudo_labels(weights, labels):
    weight = torch.tensor(weights)
    return ThresholdResult(weight, torch.tensor(labels), weight, weight)


def test_counts_by_class_until_they_are_taken():
    counts = PseudoLabelCounts(3, torch.device('cpu'))
    counts.add(pseudo_labels([1.0, 0.0, 0.2, 1.0], [0, 0, 2, 2]), [0, 0, 2, 1])
    counts.add(pseudo_labels([1.0, 1.0], [0, 2]), [-1, 2])
    found = {name: row.tolist() for name, row in counts.take()._asdict().items()}
    assert found == {
        'given': [3, 0, 3], 'passed': [2, 0, 3], 'known': [1, 0, 3], 'right': [1, 0, 2],
    }  # fmt: skip
    assert not torch.stack(counts.take()).any()


def test_labels_of_other_clips_tell_nothing():
    counts = PseudoLabelCounts(2, torch.device('cpu'))
    counts.add(pseudo_labels([1.0, 1.0], [0, 1]), [0, 1, 1])
    assert counts.take().known.tolist() == [0, 0]


def test_counting_does_not_wait_for_the_device():
    counts, result = PseudoLabelCounts(3, torch.device('cpu')), pseudo_labels([1.0, 0.0], [0, 2])
    with Waits() as mode:
        counts.add(result, [0, 1])
    assert mode.found == []


def test_thresholds_by_network():
    model = torch.nn.Module()
    assert thresholds_of(model) == {}
    model.threshold = FixedThreshold(0.5)
    assert thresholds_of(model) == {'': model.threshold}
    model.threshold = ThresholdPair({'type': 'FixedThreshold'}, ('video', 'audio'))
    assert thresholds_of(model) == dict(model.threshold.of.items())


def test_hidden_labels_of_batches_of_all_kinds():
    samples = [AVDataSample(metainfo={'gt_for_log': 3}), AVDataSample()]
    assert hidden_labels({'data_samples': {'labeled': [], 'unlabeled': samples}}) == [3, -1]
    for batch in ({'data_samples': samples}, {'clip': 1}, [1, 2], None):
        assert hidden_labels(batch) == []
