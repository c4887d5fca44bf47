# Fig. 4: SVFormer that hears, with a fixed threshold of 0.5.
_base_ = './ucf51_1shot_av_tube_fixed.py'

model = dict(threshold=dict(threshold=0.5))
