# Mask types on AVSprites: ASL-Mix with whole frames of the one or the other clip (Beta(10, 10)).
_base_ = '../avsprites_2shot.py'

model = dict(mixer=dict(masker=dict(_delete_=True, type='FrameToken'), alpha=10.0))
