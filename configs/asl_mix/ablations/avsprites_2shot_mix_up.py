# Mask types on AVSprites: ASL-Mix whose pixels are mixed by MixUp (Beta(10, 10)), without any mask.
_base_ = '../avsprites_2shot.py'

model = dict(mixer=dict(_delete_=True, type='MixUp', alpha=10.0, beta=10.0))
