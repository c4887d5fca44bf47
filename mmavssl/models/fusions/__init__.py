from mmavssl.models.fusions.concat_fusion import ConcatFusion
from mmavssl.models.fusions.transformer_fusion import TransformerFusion

__all__ = ['ConcatFusion', 'TransformerFusion']
