# Labeled to unlabeled clips on AVSprites: ASL-Mix with 1:5 instead of 1:2, 4 and 20 of 24.
_base_ = '../avsprites_2shot.py'

train_dataloader = dict(batch_sampler=dict(ratio=(1, 5)))
