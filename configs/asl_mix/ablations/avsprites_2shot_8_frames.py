# For Fig. 5 on AVSprites: ASL-Mix with 8 frames, as in the paper, of the same 2 s that have 4 in the base.
_base_ = '../avsprites_2shot.py'

input_size = dict(num_frames=8)
model = dict(student=dict(backbone=dict(num_frames=8)))

weak_view = [
    dict(type='SampleClip', clip_len=8, frame_interval=4, target_fps=16),
    dict(type='LoadAVClip', audio_seconds=1.93),
    dict(type='RandomScaleCrop', scale=(64, 80), size=64),
    dict(type='Flip', prob=0.5),
    dict(type='LogMel', num_mel_bins=64, target_frames=192),
]
strong_view = [
    dict(type='SampleClip', clip_len=8, frame_interval=4, target_fps=16),
    dict(type='LoadAVClip', audio_seconds=1.93),
    dict(type='RandomScaleCrop', scale=(64, 80), size=64),
    dict(type='Flip', prob=0.5),
    dict(type='ColorJitter', brightness=0.2, contrast=0.2),
    dict(type='LogMel', num_mel_bins=64, target_frames=192),
    dict(type='SpecAugment', freq_mask=12, time_mask=32, keep_clean=True),
]
labeled_pipeline = [
    dict(type='OpenAVFile', audio='error', cache=1024),
    dict(type='MultiView', weak=weak_view),
    dict(type='PackAVInputs'),
]
unlabeled_pipeline = [
    dict(type='OpenAVFile', audio='error', cache=1024),
    dict(type='MultiView', weak=weak_view, strong=strong_view),
    dict(type='PackAVInputs'),
]
test_pipeline = [
    dict(type='OpenAVFile', audio='error', cache=1024),
    dict(
        type='SampleClip',
        clip_len=8,
        frame_interval=4,
        target_fps=16,
        num_clips=5,
        mode='uniform',
    ),
    dict(type='LoadAVClip', audio_seconds=1.93),
    dict(type='ThreeCrop', scale=72, size=64),
    dict(type='LogMel', num_mel_bins=64, target_frames=192),
    dict(type='PackAVInputs'),
]
train_dataloader = dict(
    dataset=dict(
        labeled=dict(pipeline=labeled_pipeline),
        unlabeled=dict(pipeline=unlabeled_pipeline),
    )
)
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
