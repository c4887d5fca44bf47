from mmavssl.models.heads.cls_head import ClsHead

__all__ = ['ClsHead']
