# EZ-VSL on AVSprites: the settings of FNAC's config, with EZ-VSL's loss.
_base_ = 'fnac_avsprites.py'

model = dict(
    localizer=dict(type='EZVSLLocalizer'),
    loss=dict(_delete_=True, type='MILContrastiveLoss', temperature=0.3),
)
