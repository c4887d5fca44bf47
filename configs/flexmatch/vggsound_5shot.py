# FlexMatch on VGGSound with 5 labels per class: a threshold per class, which follows how many clips of it are sure.
_base_ = '../fixmatch/vggsound_5shot.py'

model = dict(threshold=dict(_delete_=True, type='FlexThreshold', threshold=0.95))
