# SoftMatch on AVSprites with 2 labels per class: weights instead of a threshold.
_base_ = '../fixmatch/avsprites_2shot.py'

model = dict(threshold=dict(_delete_=True, type='SoftThreshold', align=True))
