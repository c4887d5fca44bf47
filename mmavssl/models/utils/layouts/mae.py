"""Masked autoencoders of images: a vision transformer, with its decoder or with a head."""

from mmavssl.models.utils.layouts.layout import Layout
from mmavssl.models.utils.layouts.rule import renamed_layer

MAE = Layout(
    name='mae',
    title='MAE',
    marks=(
        ('cls_token', 'patch_embed.proj.weight', 'decoder_pos_embed'),
        ('cls_token', 'patch_embed.proj.weight', 'fc_norm.weight'),
    ),
    no_place=('decoder_*', 'mask_token', 'head.*'),
    # Fine-tuned ones have one norm, that of the patches' mean.
    rules=(*renamed_layer('norm', 'fc_norm'),),
)
