# Fig. 4 on AVSprites: SVFormer that hears, with a fixed threshold of 0.3.
_base_ = './avsprites_2shot_av_tube_fixed.py'

model = dict(threshold=dict(threshold=0.3))
