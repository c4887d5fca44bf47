from mmavssl.models.heads.cls_head import ClsHead
from mmavssl.models.heads.projection_head import ProjectionHead

__all__ = ['ClsHead', 'ProjectionHead']
