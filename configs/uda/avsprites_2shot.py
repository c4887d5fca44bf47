# UDA on AVSprites with 2 labels per class: sharpened probabilities instead of labels.
_base_ = '../fixmatch/avsprites_2shot.py'

model = dict(
    threshold=dict(threshold=0.8),
    consistency=dict(type='ConsistencyLoss', kind='soft', temperature=0.4),
)
