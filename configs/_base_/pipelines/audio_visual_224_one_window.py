# As audio_visual_224.py, but the weak and the strong view of an unlabeled clip share one window of time,
# which is decoded once: half of the work of loading. They still differ in crop and augmentation.
_base_ = 'audio_visual_224.py'

unlabeled_pipeline = [
    dict(type='OpenAVFile', audio='error'),
    dict(type='SampleClip', clip_len=8, frame_interval=8),
    dict(type='LoadAVClip', audio_seconds=2.56),
    dict(type='LogMel', num_mel_bins=128, target_frames=256),
    dict(
        type='MultiView',
        weak=[
            dict(type='RandomScaleCrop', scale=(256, 320), size=224),
            dict(type='Flip', prob=0.5),
        ],
        strong=[
            dict(type='RandomScaleCrop', scale=(256, 320), size=224),
            dict(type='Flip', prob=0.5),
            dict(type='RandAugment', num_ops=2, magnitude=9),
            dict(type='TWAug'),
            dict(type='SpecAugment', freq_mask=48, time_mask=51, keep_clean=True),
        ],
    ),
    dict(type='PackAVInputs'),
]
