# The plain baseline on AVSprites: the network of FNAC, whole frames against sounds.
_base_ = 'fnac_avsprites.py'

model = dict(
    localizer=dict(type='CosineLocalizer'),
    loss=dict(_delete_=True, type='PooledContrastiveLoss', temperature=0.3),
)
