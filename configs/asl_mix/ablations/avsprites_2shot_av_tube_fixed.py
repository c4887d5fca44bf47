# Fig. 4 on AVSprites: SVFormer that hears: tube masks and a fixed threshold, no contrast.
_base_ = './avsprites_2shot_av_tube.py'

model = dict(threshold=dict(_delete_=True, type='FixedThreshold', threshold=0.95))
