# Views of TCL: a frame from each of 4 and of 2 segments of the video, 64 x 64. Both weak: crops of
# 1 to 0.66 of the short side (released code: four sizes at fixed places) and flips.
fast_rate = [
    dict(type='SampleSegments', clip_len=4),
    dict(type='LoadAVClip'),
    dict(type='RandomScaleCrop', scale=(64, 96), size=64),
    dict(type='Flip', prob=0.5),
]
slow_rate = [
    dict(type='SampleSegments', clip_len=2),
    dict(type='LoadAVClip'),
    dict(type='RandomScaleCrop', scale=(64, 96), size=64),
    dict(type='Flip', prob=0.5),
]
two_rates_labeled_pipeline = [
    dict(type='OpenAVFile', audio=None, cache=1024),
    dict(type='MultiView', weak=fast_rate),
    dict(type='PackAVInputs'),
]
two_rates_unlabeled_pipeline = [
    dict(type='OpenAVFile', audio=None, cache=1024),
    dict(type='MultiView', weak=fast_rate, slow=slow_rate),
    dict(type='PackAVInputs'),
]
# One view: the middles of the segments, the middle of the frames.
two_rates_test_pipeline = [
    dict(type='OpenAVFile', audio=None, cache=1024),
    dict(type='SampleSegments', clip_len=4, mode='center'),
    dict(type='LoadAVClip'),
    dict(type='CenterCrop', scale=72, size=64),
    dict(type='PackAVInputs'),
]
