"""What is minimized."""

from mmavssl.models.losses.av_contrastive import AVContrastiveLoss
from mmavssl.models.losses.consistency import ConsistencyLoss, consistency_loss
from mmavssl.models.losses.fnac_loss import FNACLoss
from mmavssl.models.losses.mil_contrastive import MILContrastiveLoss
from mmavssl.models.losses.mix_loss import MixLoss
from mmavssl.models.losses.pooled_contrastive import PooledContrastiveLoss

__all__ = [
    'AVContrastiveLoss',
    'ConsistencyLoss',
    'FNACLoss',
    'MILContrastiveLoss',
    'MixLoss',
    'PooledContrastiveLoss',
    'consistency_loss',
]
