"""All algorithms with networks that take milliseconds, in which no clip sees another."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from mmengine.registry import init_default_scope
from torch import Tensor, nn

from mmavssl.registry import SSL_ALGORITHMS
from tests import small_methods
from tests.reliability.rank_gathered import random
from tests.reliability.rank_model import model_config
from tests.small_methods import CLIP, METHODS, NUM_CLASSES
from tests.test_models.test_algorithms.toys import student_cfg, tell_apart

LABELED, UNLABELED = 4, 8  # of all ranks; powers of two, so that pass rates have no rounding error
LOUDNESS = 0.3  # of weights; as they are initialized, all clips look the same
CLUSTERING = {'type': 'DeepClusteringLoss', 'alpha': 10.0, 'scale': 0.5}
CHANGES = {'ltg': {}, 'avclr': {'clustering': CLUSTERING}}
THRESHOLDS = {'ltg': 0.95, 'avclr': 0.4}  # that some clips pass, here and below


def recognizer(audio: bool) -> dict:
    """Return the config of a student of these clips."""
    cfg = student_cfg(audio)
    cfg['backbone'].update(img_size=CLIP[-1], patch_size=8, num_frames=CLIP[1])
    return cfg


def two_streams() -> dict:
    """Return the config of a student that sees and one that hears."""
    cfg = recognizer(audio=True)
    head = {**cfg['head'], 'in_channels': 8}
    del cfg['fusion']
    return {**cfg, 'type': 'TwoStreamRecognizer', 'head': head, 'audio_head': head}


FIXED = {'type': 'FixedThreshold', 'threshold': 0.8}
FLEX = {'type': 'FlexThreshold', 'threshold': 0.8, 'warmup': False}
FREE = {'type': 'FreeThreshold', 'decay': 0.5, 'fairness_weight': 0.5}
SOFT = {'type': 'SoftThreshold', 'decay': 0.5, 'align': True}
TCL = {
    'type': 'TCLRecognizer', 'student': recognizer(audio=False), 'threshold': FIXED,
    'warmup_epochs': 0,
}  # fmt: skip
CROSS_MODAL = {'type': 'CrossModalRecognizer', 'student': two_streams()}
ASL_MIX = {
    'type': 'SemiSupervisedRecognizer', 'student': recognizer(audio=True),
    'mixer': model_config('asl_mix')['mixer'], 'contrast': {'type': 'AVContrastiveLoss'},
}  # fmt: skip
FIXMATCH = {**ASL_MIX, 'mixer': None, 'contrast': None, 'threshold': FIXED}
SHARPENED = {'type': 'ConsistencyLoss', 'kind': 'soft', 'temperature': 0.4}
TOYS = {
    'tcl contrasts': {**TCL, 'finetune_epoch': None},
    'tcl pseudo labels': {**TCL, 'finetune_epoch': 0},
    'cross_modal flex': {**CROSS_MODAL, 'threshold': FLEX},
    'cross_modal free': {**CROSS_MODAL, 'threshold': FREE},
    'asl_mix free': {**ASL_MIX, 'threshold': FREE},
    'asl_mix soft': {**ASL_MIX, 'threshold': SOFT},
    'uda': {**FIXMATCH, 'consistency': SHARPENED},
    'mean_teacher': {**FIXMATCH, 'consistency': {'type': 'ConsistencyLoss', 'kind': 'mse'}},
    'pseudo_label': {**FIXMATCH, 'student_view': 'weak'},
}
CASES = (*METHODS, *TOYS)


def make(case: str) -> tuple[nn.Module, dict, dict]:
    """Return an algorithm in float64, and inputs and samples of all ranks.

    Args:
        case: of ``CASES``.
    """
    kind = case if case in METHODS else 'avclr'  # that has the views of most
    inputs, samples = small_methods.batch(kind, LABELED, UNLABELED)
    if case in METHODS:
        return small(case), inputs, samples
    unlabeled = inputs['unlabeled']
    unlabeled['slow'] = {'video': unlabeled['weak']['video'][:, :, ::2]}  # for TCL
    return toy(case, unlabeled['weak']), inputs, samples


def small(case: str) -> nn.Module:
    """Return LTG or AvCLR."""
    model = small_methods.build(case, **CHANGES[case])
    if case == 'avclr':
        means = random(NUM_CLASSES, model.student.joint_dims, seed=9)  # some agree
        model.centroids.update(F.normalize(means, dim=-1), torch.arange(NUM_CLASSES))
    model.threshold.threshold = THRESHOLDS[case]
    return model


def toy(case: str, view: dict[str, Tensor]) -> nn.Module:
    """Return another algorithm.

    Args:
        case: of ``TOYS``.
        view: clips whose classes are to differ.
    """
    init_default_scope('mmavssl')
    torch.manual_seed(0)
    model = SSL_ALGORITHMS.build(TOYS[case]).double().eval()
    for parameter in model.student.parameters():
        if parameter.dim() > 1:
            nn.init.normal_(parameter, std=LOUDNESS)
    tell_apart(model.student, view)
    if hasattr(model, 'teacher'):
        model.sync_teacher()
    model.threshold.setup(UNLABELED, NUM_CLASSES)
    return model
