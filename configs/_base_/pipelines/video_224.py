# Views of a video at the paper's size: 8 frames, every 8th at 30 fps, 224 x 224.
input_size = dict(num_frames=8, size=224)

weak_view = [
    dict(type='SampleClip', clip_len=8, frame_interval=8),
    dict(type='LoadAVClip'),
    dict(type='RandomScaleCrop', scale=(256, 320), size=224),
    dict(type='Flip', prob=0.5),
]
strong_view = [
    dict(type='SampleClip', clip_len=8, frame_interval=8),
    dict(type='LoadAVClip'),
    dict(type='RandomScaleCrop', scale=(256, 320), size=224),
    dict(type='Flip', prob=0.5),
    dict(type='RandAugment', num_ops=2, magnitude=9),
    dict(type='TWAug'),
]
labeled_pipeline = [
    dict(type='OpenAVFile', audio=None),
    dict(type='MultiView', weak=weak_view),
    dict(type='PackAVInputs'),
]
unlabeled_pipeline = [
    dict(type='OpenAVFile', audio=None),
    dict(type='MultiView', weak=weak_view, strong=strong_view),
    dict(type='PackAVInputs'),
]
# 5 clips x 3 crops (paper, section 4.2).
test_pipeline = [
    dict(type='OpenAVFile', audio=None),
    dict(type='SampleClip', clip_len=8, frame_interval=8, num_clips=5, mode='uniform'),
    dict(type='LoadAVClip'),
    dict(type='ThreeCrop', scale=224, size=224),
    dict(type='PackAVInputs'),
]
