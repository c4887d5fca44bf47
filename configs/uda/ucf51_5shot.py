# UDA on UCF-51 with 5 labels per class: sharpened probabilities instead of labels.
_base_ = '../fixmatch/ucf51_5shot.py'

model = dict(
    threshold=dict(threshold=0.8),
    consistency=dict(type='ConsistencyLoss', kind='soft', temperature=0.4),
)
