"""Vision transformers of timm and DeiT, whose names are ours; so are our backbones' own files."""

from mmavssl.models.utils.layouts.layout import Layout

TIMM_VIT = Layout(
    name='timm_vit',
    title='transformer with the names of timm',
    marks=(('patch_embed.proj.weight', 'blocks.0.attn.qkv.weight'),),
    no_place=('head.*', 'head_dist.*', 'pre_logits.*'),
)
