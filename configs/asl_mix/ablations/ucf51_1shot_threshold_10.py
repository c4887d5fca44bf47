# Fig. 4: ASL-Mix with class-wise thresholds of at most 0.1.
_base_ = '../ucf51_1shot.py'

model = dict(threshold=dict(threshold=0.1))
