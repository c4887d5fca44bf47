# Fig. 4: SVFormer that hears: tube masks and a fixed threshold, no contrast.
_base_ = './ucf51_1shot_av_tube.py'

model = dict(threshold=dict(_delete_=True, type='FixedThreshold', threshold=0.3))
