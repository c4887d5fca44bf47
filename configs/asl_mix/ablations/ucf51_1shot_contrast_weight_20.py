# The weight of the contrast: ASL-Mix with γ3 = 0.2 instead of 0.1.
_base_ = '../ucf51_1shot.py'

model = dict(loss_weights=dict(contrast=0.2))
