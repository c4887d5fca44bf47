# Mask types on AVSprites: ASL-Mix with tokens drawn in each frame, guided by nothing (Beta(10, 10)).
_base_ = '../avsprites_2shot.py'

model = dict(mixer=dict(masker=dict(_delete_=True, type='RandomToken'), alpha=10.0))
