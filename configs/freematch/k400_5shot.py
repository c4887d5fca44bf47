# FreeMatch on Kinetics-400 with 5 labels per class: thresholds that follow the confidences, and its fairness loss.
_base_ = '../fixmatch/k400_5shot.py'

model = dict(threshold=dict(_delete_=True, type='FreeThreshold', fairness_weight=0.001))
