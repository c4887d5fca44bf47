"""Checkpoints of TimeSformer's code (``.pyth``)."""

from mmavssl.models.utils.layouts.layout import Layout

TIMESFORMER = Layout(
    name='timesformer',
    title='TimeSformer',
    marks=(('model.patch_embed.proj.weight',),),
    prefix='model.',
    key='model_state',
)
