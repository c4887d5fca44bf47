# Labeled to unlabeled clips on AVSprites: ASL-Mix with 1:3 instead of 1:2, 6 and 18 of 24.
_base_ = '../avsprites_2shot.py'

train_dataloader = dict(batch_sampler=dict(ratio=(1, 3)))
