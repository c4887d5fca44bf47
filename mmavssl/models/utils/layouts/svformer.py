"""Checkpoints of SVFormer's code (``.pyth``), whose head is outside of ``model``."""

from mmavssl.models.utils.layouts.layout import Layout
from mmavssl.models.utils.layouts.rule import renamed_layer

SVFORMER = Layout(
    name='svformer',
    title='SVFormer',
    marks=(('model.patch_embed.proj.weight', 'head.weight'),),
    prefix='model.',
    rules=(*renamed_layer('head', 'head'),),
    key='model_state',
)
