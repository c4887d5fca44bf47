# Labeled to unlabeled clips: ASL-Mix with 1:2 instead of 1:5, 2 and 4 of 6.
_base_ = '../ucf51_1shot.py'

train_dataloader = dict(batch_sampler=dict(ratio=(1, 2)))
