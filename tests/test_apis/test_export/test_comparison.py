"""A program is compared with the network before it is kept."""

import math

import pytest
import torch

from mmavssl.apis.export import export_recognizer
from mmavssl.apis.export_formats import TorchFormat
from tests.test_apis.test_export.toys import build, error


@pytest.mark.parametrize('wrong', [1.1e-4, float('nan')])
def test_difference_is_an_error(video_only, tmp_path, monkeypatch, wrong):
    load = TorchFormat.load

    def load_wrong(path):
        run = load(path)
        return lambda clips: run(clips) * math.exp(wrong)

    out = tmp_path / 'a.pt2'
    out.write_text('what was there')
    with monkeypatch.context() as patch:
        patch.setattr(TorchFormat, 'load', staticmethod(load_wrong))
        message = error(*video_only, out)
    assert message.startswith('The log-probabilities of the program differ from those of the')
    assert message.endswith(f'{wrong:.1e}, more than 1e-04: it was not written.')
    assert out.read_text() == 'what was there'
    assert list(tmp_path.iterdir()) == [out]
    assert export_recognizer(*video_only, out).difference < 1e-6


def test_small_probabilities_are_compared_as_well(video_only, tmp_path, monkeypatch):
    """A program that lost the order of unlikely classes has the same scores to 1e-4."""
    cfg, _ = video_only
    algorithm = build(cfg)
    with torch.no_grad():
        algorithm.student.head.fc.bias += torch.tensor([40.0, 0, 0, 0, 0])
    checkpoint = tmp_path / 'sure.pth'
    torch.save({'state_dict': algorithm.state_dict(), 'meta': None}, checkpoint)
    export_recognizer(cfg, checkpoint, tmp_path / 'a.pt2')
    load = TorchFormat.load
    monkeypatch.setattr(
        TorchFormat, 'load',
        staticmethod(lambda path: lambda clips: load(path)(clips)[:, [0, 2, 1, 3, 4]]),
    )  # fmt: skip
    message = error(cfg, checkpoint, tmp_path / 'b.pt2')
    assert message.startswith('The log-probabilities of the program differ')


def test_network_that_gives_all_clips_the_same(video_only, tmp_path):
    cfg, _ = video_only
    algorithm = build(cfg)
    with torch.no_grad():
        algorithm.student.head.fc.weight.zero_()
    checkpoint = tmp_path / 'new.pth'
    torch.save({'state_dict': algorithm.state_dict()}, checkpoint)
    message = error(cfg, checkpoint, tmp_path / 'a.pt2')
    assert message.startswith('The network gives the same scores to all random clips')
    assert export_recognizer(cfg, checkpoint, tmp_path / 'a.pt2', check=False).difference is None
