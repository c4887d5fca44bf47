"""Checkpoints of AST's code, which trains with ``DataParallel``."""

from mmavssl.models.utils.layouts.layout import Layout

AST = Layout(
    name='ast',
    title='AST',
    marks=(('v.patch_embed.proj.weight',),),
    prefix='v.',
    # DeiT's own heads, which AST does not use, and its head over AudioSet's classes
    no_place=('v.head.*', 'v.head_dist.*', 'mlp_head.*'),
    parallel_prefix='module.',
)
