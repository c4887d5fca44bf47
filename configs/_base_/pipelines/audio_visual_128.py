# Views of a video with sound for image networks on two cores: 2 at a second from each other (of 2 s),
# 128 x 128, and the sound of that time as 192 frames of a 64-bin log-mel.
weak_view_128 = [
    dict(type='SampleClip', clip_len=2, frame_interval=16, target_fps=16),
    dict(type='LoadAVClip', audio_seconds=1.93),
    dict(type='RandomScaleCrop', scale=(132, 160), size=128),
    dict(type='Flip', prob=0.5),
    dict(type='LogMel', num_mel_bins=64, target_frames=192),
]
strong_view_128 = [
    dict(type='SampleClip', clip_len=2, frame_interval=16, target_fps=16),
    dict(type='LoadAVClip', audio_seconds=1.93),
    dict(type='RandomScaleCrop', scale=(132, 160), size=128),
    dict(type='Flip', prob=0.5),
    dict(type='RandAugment', num_ops=2, magnitude=9),
    dict(type='LogMel', num_mel_bins=64, target_frames=192),
    dict(type='SpecAugment', freq_mask=12, time_mask=32, keep_clean=True),
]
labeled_pipeline_128 = [
    dict(type='OpenAVFile', audio='error', cache=1024),
    dict(type='MultiView', weak=weak_view_128),
    dict(type='PackAVInputs'),
]
unlabeled_pipeline_128 = [
    dict(type='OpenAVFile', audio='error', cache=1024),
    dict(type='MultiView', weak=weak_view_128, strong=strong_view_128),
    dict(type='PackAVInputs'),
]
# 5 clips x 3 crops.
test_pipeline_128 = [
    dict(type='OpenAVFile', audio='error', cache=1024),
    dict(
        type='SampleClip',
        clip_len=2,
        frame_interval=16,
        target_fps=16,
        num_clips=5,
        mode='uniform',
    ),
    dict(type='LoadAVClip', audio_seconds=1.93),
    dict(type='ThreeCrop', scale=140, size=128),
    dict(type='LogMel', num_mel_bins=64, target_frames=192),
    dict(type='PackAVInputs'),
]
