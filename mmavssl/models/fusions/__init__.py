from mmavssl.models.fusions.transformer_fusion import TransformerFusion

__all__ = ['TransformerFusion']
