# Labeled to unlabeled clips on AVSprites: ASL-Mix with 1:1 instead of 1:2, 12 and 12 of 24.
_base_ = '../avsprites_2shot.py'

train_dataloader = dict(batch_sampler=dict(ratio=(1, 1)))
