"""Networks that start from files, and the table that they log."""

import pytest
import timm
import torch
from torch import nn

from mmavssl.models.utils import pretrained

SMALL = dict(embed_dims=24, depth=2, num_heads=3)


def image_vit(cls=timm.models.vision_transformer.VisionTransformer, img_size=32):
    """Return timm's vision transformer with a head of 10 classes and random weights."""
    torch.manual_seed(1)
    vit = cls(img_size=img_size, patch_size=16, embed_dim=24, depth=2, num_heads=3, num_classes=10)
    for parameter in vit.parameters():
        nn.init.normal_(parameter, std=0.5)
    return vit.eval()


def _serve(monkeypatch, vit):
    monkeypatch.setattr(timm, 'create_model', lambda name, pretrained: vit)
    return vit


@pytest.fixture
def timm_vit(monkeypatch):
    """Let timm://tiny be a random vision transformer instead of a download."""
    return _serve(monkeypatch, image_vit())


@pytest.fixture
def timm_deit(monkeypatch):
    """Let it be one with a distillation token."""
    return _serve(monkeypatch, image_vit(timm.models.deit.VisionTransformerDistilled))


@pytest.fixture
def from_checkpoint():
    """Build a network of width 24 from what is called its checkpoint."""

    def build(kind, checkpoint, *args, init_cfg=None, **kwargs):
        init_cfg = dict(type='Pretrained', checkpoint=str(checkpoint), **(init_cfg or {}))
        network = kind(*args, init_cfg=init_cfg, **{**SMALL, **kwargs})
        network.init_weights()
        return network.eval()

    return build


class Table:
    """Rows of the tables that were logged, as lists of words; those of the last one by default."""

    def __init__(self):
        self.texts = []

    def __call__(self, what='', table=-1):
        rows = [' '.join(line.split()) for line in self.texts[table].splitlines()[2:]]
        return [row for row in rows if row.startswith(what)]


@pytest.fixture
def table(monkeypatch):
    logged = Table()
    monkeypatch.setattr(pretrained, 'print_log', lambda text, logger: logged.texts.append(text))
    return logged
