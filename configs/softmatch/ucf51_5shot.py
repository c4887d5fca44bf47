# SoftMatch on UCF-51 with 5 labels per class: weights instead of a threshold.
_base_ = '../fixmatch/ucf51_5shot.py'

model = dict(threshold=dict(_delete_=True, type='SoftThreshold', align=True))
