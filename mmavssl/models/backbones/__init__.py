from mmavssl.models.backbones.ast import ASTEncoder
from mmavssl.models.backbones.timesformer import TimeSformer

__all__ = ['ASTEncoder', 'TimeSformer']
