# The other reading of the audio window: the sound of the clip's own 64 / 30 s = 2.13 s, whose log-mel
# is padded with zeros to the encoder's 256 frames; the default is the 2.56 s around the clip.
_base_ = '../ucf51_1shot.py'

weak_view = [
    dict(type='SampleClip', clip_len=8, frame_interval=8),
    dict(type='LoadAVClip', audio_seconds=None),
    dict(type='RandomScaleCrop', scale=(256, 320), size=224),
    dict(type='Flip', prob=0.5),
    dict(type='LogMel', num_mel_bins=128, target_frames=256),
]
strong_view = [
    dict(type='SampleClip', clip_len=8, frame_interval=8),
    dict(type='LoadAVClip', audio_seconds=None),
    dict(type='RandomScaleCrop', scale=(256, 320), size=224),
    dict(type='Flip', prob=0.5),
    dict(type='RandAugment', num_ops=2, magnitude=9),
    dict(type='TWAug'),
    dict(type='LogMel', num_mel_bins=128, target_frames=256),
    dict(type='SpecAugment', freq_mask=48, time_mask=51, keep_clean=True),
]
labeled_pipeline = [
    dict(type='OpenAVFile', audio='error'),
    dict(type='MultiView', weak=weak_view),
    dict(type='PackAVInputs'),
]
unlabeled_pipeline = [
    dict(type='OpenAVFile', audio='error'),
    dict(type='MultiView', weak=weak_view, strong=strong_view),
    dict(type='PackAVInputs'),
]
test_pipeline = [
    dict(type='OpenAVFile', audio='error'),
    dict(type='SampleClip', clip_len=8, frame_interval=8, num_clips=5, mode='uniform'),
    dict(type='LoadAVClip', audio_seconds=None),
    dict(type='ThreeCrop', scale=224, size=224),
    dict(type='LogMel', num_mel_bins=128, target_frames=256),
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
