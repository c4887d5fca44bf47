"""What is minimized."""

from mmavssl.models.losses.av_contrastive import AVContrastiveLoss
from mmavssl.models.losses.consistency import ConsistencyLoss, consistency_loss
from mmavssl.models.losses.deep_clustering import DeepClusteringLoss
from mmavssl.models.losses.feature_alignment import FeatureAlignmentLoss
from mmavssl.models.losses.fnac_loss import FNACLoss
from mmavssl.models.losses.mil_contrastive import MILContrastiveLoss
from mmavssl.models.losses.mix_loss import MixLoss
from mmavssl.models.losses.nt_xent import NTXentLoss
from mmavssl.models.losses.pathway_contrastive import (
    GroupContrastiveLoss,
    InstanceContrastiveLoss,
)
from mmavssl.models.losses.pooled_contrastive import PooledContrastiveLoss

__all__ = [
    'AVContrastiveLoss',
    'ConsistencyLoss',
    'DeepClusteringLoss',
    'FNACLoss',
    'FeatureAlignmentLoss',
    'GroupContrastiveLoss',
    'InstanceContrastiveLoss',
    'MILContrastiveLoss',
    'MixLoss',
    'NTXentLoss',
    'PooledContrastiveLoss',
    'consistency_loss',
]
