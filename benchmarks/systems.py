"""The three methods at a size, with random weights, and a batch of random clips for them."""

from __future__ import annotations

from typing import NamedTuple

import torch
from mmengine.registry import init_default_scope
from torch import Tensor, nn

import mmavssl.datasets
import mmavssl.engine
import mmavssl.models  # noqa: F401  (all fill the registries)
from mmavssl.models.thresholds.observe import observe
from mmavssl.registry import MODELS, OPTIM_WRAPPERS
from mmavssl.structures import AVDataSample
from mmavssl.utils.configs import load_config

METHODS = ('svformer', 'svformer_flex', 'asl_mix')
NUM_CLASSES = 51


class Size(NamedTuple):
    """Networks, clips and numbers of clips of an iteration."""

    embed_dims: int
    num_heads: int
    side: int
    sound: tuple[int, int]
    labeled: int
    unlabeled: int
    num_frames: int = 8
    patch_size: int = 16
    depth: int = 12

    @property
    def backbone(self) -> dict:
        """Arguments of a TimeSformer."""
        return dict(
            img_size=self.side, patch_size=self.patch_size, num_frames=self.num_frames,
            embed_dims=self.embed_dims, depth=self.depth, num_heads=self.num_heads,
        )  # fmt: skip


SIZES = {
    'tiny': Size(48, 3, 32, (64, 32), 1, 2, num_frames=4, depth=2),
    # a quarter of the paper's tokens, in frames and in sound
    'small': Size(384, 6, 112, (128, 64), 1, 5),
    'paper': Size(768, 12, 224, (256, 128), 1, 5),
    'paper_few': Size(768, 12, 224, (256, 128), 1, 1),
    'paper_many': Size(768, 12, 224, (256, 128), 4, 20),
}


def build_system(
    method: str, size: Size, device: torch.device, drop_path: float = 0.1, faithful: bool = False
) -> nn.Module:
    """Build a method's networks at a size, for UCF-51, in training mode.

    Args:
        method: folder of the config.
        size: of networks and clips.
        device: where to.
        drop_path: rate of the last block.
        faithful: SVFormer with one mask and ratio for all clips, as its code draws them, and
            without augmentation in the data preprocessor.
    """
    name = 'faithful_ucf51_1shot' if faithful else 'ucf51_1shot'
    cfg = load_config(f'{mmavssl_root()}/configs/{method}/{name}.py')
    init_default_scope(cfg.default_scope)
    model = {**cfg.model.to_dict(), 'warmup_epochs': 0}
    if faithful:
        model['data_preprocessor'].update(channel_dropout=0.0, batch_tw_aug=False)
    model['mixer']['patch_size'] = size.patch_size
    student = model['student']
    student['backbone'].update(size.backbone, drop_path_rate=drop_path, init_cfg=None)
    student['head'].update(in_channels=size.embed_dims, num_classes=NUM_CLASSES)
    if method == 'asl_mix':
        fit_sound(model, size)
    built = MODELS.build(model)
    spread(built.student)
    built.sync_teacher()
    built.threshold.setup(num_samples=1000, num_classes=NUM_CLASSES)
    return built.to(device).train()


def fit_sound(model: dict, size: Size) -> None:
    """Change the parts of a model that hear."""
    student = model['student']
    frames, mels = size.sound
    student['audio_backbone'].update(
        embed_dims=size.embed_dims, depth=size.depth, num_heads=size.num_heads,
        num_mel_bins=mels, num_frames=frames, init_cfg=None,
    )  # fmt: skip
    student['fusion'].update(video_dims=size.embed_dims, audio_dims=size.embed_dims)
    student['head']['in_channels'] = 2 * size.embed_dims
    model['mixer']['masker']['localizer']['init_cfg'] = None


def mmavssl_root() -> str:
    """Return the folder of the checkout."""
    return __file__.rpartition('/benchmarks/')[0]


@torch.no_grad()
def spread(student: nn.Module) -> None:
    """Draw weights that begin as zeros, so that no branch is left out of a comparison."""
    for value in student.parameters():
        if not value.any():
            value.normal_(std=0.02)


def make_batch(size: Size, device: torch.device) -> dict:
    """Return an iteration's clips as the data loader gives them, on the device."""

    def view(count: int) -> dict[str, Tensor]:
        shape = (count, 3, size.num_frames, size.side, size.side)
        sound = torch.randn(count, *size.sound, device=device)
        video = torch.randint(256, shape, dtype=torch.uint8, device=device)
        return {'video': video, 'audio': sound, 'audio_clean': sound}

    labeled = [AVDataSample().set_gt_label(i % NUM_CLASSES) for i in range(size.labeled)]
    unlabeled = [AVDataSample(metainfo={'sample_idx': i}) for i in range(size.unlabeled)]
    return {
        'inputs': {
            'labeled': {'weak': view(size.labeled)},
            'unlabeled': {'weak': view(size.unlabeled), 'strong': view(size.unlabeled)},
        },
        'data_samples': {'labeled': labeled, 'unlabeled': unlabeled},
    }


class OurStep:
    """A built system with its optimizer, and one iteration of them.

    Args:
        model: of `build_system`.
        wrapper: type of the optimizer wrapper.
        fused: PyTorch's fused optimizer.
    """

    def __init__(self, model: nn.Module, wrapper: str = 'OptimWrapper', fused: bool = True):
        self.model = model
        self.train_step = model.train_step
        optimizer = torch.optim.SGD(
            model.student.parameters(), lr=0.005, momentum=0.9, weight_decay=1e-3, nesterov=True,
            fused=fused,
        )  # fmt: skip
        self.wrapper = OPTIM_WRAPPERS.build(dict(type=wrapper, optimizer=optimizer))

    def __call__(self, batch: dict) -> dict[str, Tensor]:
        """Make an iteration with what the hooks do behind it; return what is logged."""
        log = self.train_step(batch, self.wrapper)
        self.model.update_teacher(0.01)
        pending, self.model.pending_threshold_update = self.model.pending_threshold_update, None
        if pending is not None:
            observe(self.model.threshold, *pending)
        return log
