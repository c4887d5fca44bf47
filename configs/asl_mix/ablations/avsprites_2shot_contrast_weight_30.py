# The weight of the contrast on AVSprites: ASL-Mix with γ3 = 0.3 instead of 0.1.
_base_ = '../avsprites_2shot.py'

model = dict(loss_weights=dict(contrast=0.3))
