# Pseudo-Label on VGGSound with 5 labels per class: the network labels the very view that it learns from.
_base_ = '../fixmatch/vggsound_5shot.py'

model = dict(student_view='weak')
custom_hooks = [
    dict(type='EMATeacherHook', momentum=1.0),
    dict(type='ThresholdUpdateHook'),
    dict(type='LossWeightRampHook', name='unsup', share=0.4),
]
