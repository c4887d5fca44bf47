# Views of an AVSprites clip: every 8th frame at 16 fps, 4 of them (2 s), 64 x 64.
input_size = dict(num_frames=4, size=64)

weak_view = [
    dict(type='SampleClip', clip_len=4, frame_interval=8, target_fps=16),
    dict(type='LoadAVClip'),
    dict(type='RandomScaleCrop', scale=(64, 80), size=64),
    dict(type='Flip', prob=0.5),
]
strong_view = [
    dict(type='SampleClip', clip_len=4, frame_interval=8, target_fps=16),
    dict(type='LoadAVClip'),
    dict(type='RandomScaleCrop', scale=(64, 80), size=64),
    dict(type='Flip', prob=0.5),
    # Not RandAugment, which changes hues, and not TWAug, which stops motions: they name the class.
    dict(type='ColorJitter', brightness=0.2, contrast=0.2),
]
labeled_pipeline = [
    dict(type='OpenAVFile', audio=None, cache=1024),
    dict(type='MultiView', weak=weak_view),
    dict(type='PackAVInputs'),
]
unlabeled_pipeline = [
    dict(type='OpenAVFile', audio=None, cache=1024),
    dict(type='MultiView', weak=weak_view, strong=strong_view),
    dict(type='PackAVInputs'),
]
# 5 clips x 3 crops.
test_pipeline = [
    dict(type='OpenAVFile', audio=None, cache=1024),
    dict(
        type='SampleClip',
        clip_len=4,
        frame_interval=8,
        target_fps=16,
        num_clips=5,
        mode='uniform',
    ),
    dict(type='LoadAVClip'),
    dict(type='ThreeCrop', scale=72, size=64),
    dict(type='PackAVInputs'),
]
