import math
import os
import subprocess
import sys

import pytest
import torch

from mmavssl.models.losses import AVContrastiveLoss
from mmavssl.models.losses.av_contrastive import diagonal_nce

WORKER = """
import sys, torch
from torch import distributed
from mmavssl.models.losses.av_contrastive import AVContrastiveLoss

rank, world, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
distributed.init_process_group('gloo', f'file://{folder}/rendezvous', rank=rank, world_size=world)
data = torch.load(f'{folder}/data.pt', weights_only=True)
weight = data['weight'].requires_grad_()
video, audio = (part.chunk(world)[rank] for part in (data['video'], data['audio']))
loss = AVContrastiveLoss()(video @ weight, audio)
loss.backward()
distributed.all_reduce(weight.grad)  # what DDP does: the mean over processes
torch.save({'loss': loss.detach(), 'grad': weight.grad / world}, f'{folder}/rank{rank}.pt')
distributed.destroy_process_group()
"""


def features(count=6, width=8, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return tuple(torch.randn(count, width, generator=generator) for _ in range(2))


def test_known_values():
    loss = AVContrastiveLoss(temperature=1.0)
    same = torch.ones(5, 3)
    torch.testing.assert_close(float(loss(same, same)), math.log(5))
    identity = torch.eye(4)
    expected = math.log(math.e + 3) - 1
    torch.testing.assert_close(float(loss(identity, 7 * identity)), expected)
    assert AVContrastiveLoss(0.01)(identity, identity) < 1e-6


def test_golden_value_of_ltg():
    """Its contrast of frames and temporal gradients is the same: each direction counts half."""
    rgb = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    gradient = torch.tensor([[1.0, 0.2], [0.1, 1.0], [0.5, 1.0]])
    loss = AVContrastiveLoss(temperature=0.5)
    similarity = loss.similarity(rgb, gradient)
    for part, expected in (
        (diagonal_nce(similarity), 0.678058),
        (diagonal_nce(similarity.T), 0.692870),
        (loss(rgb, gradient), 0.685464),
    ):
        assert float(part) == pytest.approx(expected, abs=1e-6)


def test_symmetric_and_scale_free():
    video, audio = features()
    loss = AVContrastiveLoss()
    scale = torch.rand(6, 1) + 0.5
    torch.testing.assert_close(loss(video, audio), loss(audio, video))
    torch.testing.assert_close(loss(video * scale, audio), loss(video, audio))
    order = torch.randperm(6)
    torch.testing.assert_close(loss(video[order], audio[order]), loss(video, audio))
    assert loss(video, video) < loss(video, audio)


def test_diagonal_is_positive():
    similarity = torch.tensor([[1.0, 0.0], [3.0, 2.0]])
    expected = (math.log(1 + math.exp(-1)) + math.log(1 + math.exp(1))) / 2
    torch.testing.assert_close(float(diagonal_nce(similarity)), expected)


def test_gradient_reaches_both():
    video, audio = (part.requires_grad_() for part in features())
    AVContrastiveLoss()(video, audio).backward()
    assert (video.grad.abs().sum(dim=-1) > 0).all()
    assert (audio.grad.abs().sum(dim=-1) > 0).all()


def test_float32_under_autocast():
    video, audio = features()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        loss = AVContrastiveLoss()(video.bfloat16(), audio)
    assert loss.dtype == torch.float
    expected = AVContrastiveLoss()(video.bfloat16().float(), audio)
    torch.testing.assert_close(loss, expected)


def test_features_of_all_processes_are_gathered(monkeypatch):
    mine, theirs = features(), features(seed=2)
    everything = [torch.cat(pair) for pair in zip(mine, theirs, strict=True)]
    others = iter(theirs)
    module = 'mmavssl.utils.distributed'
    monkeypatch.setattr(f'{module}.distributed.is_initialized', lambda: True)
    monkeypatch.setattr(f'{module}.distributed.get_world_size', lambda: 2)
    monkeypatch.setattr(f'{module}.with_grad.all_gather', lambda tensor: (tensor, next(others)))
    gathered = AVContrastiveLoss()(*mine)
    monkeypatch.undo()
    torch.testing.assert_close(gathered, AVContrastiveLoss()(*everything))


@pytest.mark.slow
def test_two_processes_equal_one(tmp_path):
    video, audio = features()
    weight = torch.randn(8, 8, generator=torch.Generator().manual_seed(1)).requires_grad_()
    torch.save(dict(video=video, audio=audio, weight=weight.detach()), tmp_path / 'data.pt')
    environment = {**os.environ, 'OMP_NUM_THREADS': '1', 'PYTHONPATH': os.pathsep.join(sys.path)}
    workers = [
        subprocess.Popen(
            [sys.executable, '-c', WORKER, str(rank), '2', str(tmp_path)], env=environment
        )
        for rank in range(2)
    ]
    loss = AVContrastiveLoss()(video @ weight, audio)
    loss.backward()
    assert [worker.wait(timeout=120) for worker in workers] == [0, 0]
    for rank in range(2):
        result = torch.load(tmp_path / f'rank{rank}.pt', weights_only=True)
        torch.testing.assert_close(result['loss'], loss.detach())
        torch.testing.assert_close(result['grad'], weight.grad)


def test_errors():
    with pytest.raises(ValueError, match='`temperature` to be positive, but got 0'):
        AVContrastiveLoss(0)
    with pytest.raises(ValueError, match=r'got \(2, 3\) and \(2, 4\)'):
        AVContrastiveLoss()(torch.rand(2, 3), torch.rand(2, 4))
