# UDA on VGGSound with 1 label per class: sharpened probabilities instead of labels.
_base_ = '../fixmatch/vggsound_1shot.py'

model = dict(
    threshold=dict(threshold=0.8),
    consistency=dict(type='ConsistencyLoss', kind='soft', temperature=0.4),
)
