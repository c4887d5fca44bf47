# Fig. 4 on AVSprites: ASL-Mix with class-wise thresholds of at most 0.3.
_base_ = '../avsprites_2shot.py'

model = dict(threshold=dict(threshold=0.3))
