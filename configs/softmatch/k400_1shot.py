# SoftMatch on Kinetics-400 with 1 label per class: weights instead of a threshold.
_base_ = '../fixmatch/k400_1shot.py'

model = dict(threshold=dict(_delete_=True, type='SoftThreshold', align=True))
