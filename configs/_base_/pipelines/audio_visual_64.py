# Views of an AVSprites clip with sound: every 8th frame at 16 fps, 4 of them (2 s), 64 x 64, and the sound
# of that time as 192 frames of a 64-bin log-mel.
input_size = dict(num_frames=4, size=64, audio_frames=192, num_mel_bins=64)

weak_view = [
    dict(type='SampleClip', clip_len=4, frame_interval=8, target_fps=16),
    dict(type='LoadAVClip', audio_seconds=1.93),
    dict(type='RandomScaleCrop', scale=(64, 80), size=64),
    dict(type='Flip', prob=0.5),
    dict(type='LogMel', num_mel_bins=64, target_frames=192),
]
strong_view = [
    dict(type='SampleClip', clip_len=4, frame_interval=8, target_fps=16),
    dict(type='LoadAVClip', audio_seconds=1.93),
    dict(type='RandomScaleCrop', scale=(64, 80), size=64),
    dict(type='Flip', prob=0.5),
    # Not RandAugment, which changes hues, and not TWAug, which stops motions: they name the class.
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
# 5 clips x 3 crops.
test_pipeline = [
    dict(type='OpenAVFile', audio='error', cache=1024),
    dict(
        type='SampleClip',
        clip_len=4,
        frame_interval=8,
        target_fps=16,
        num_clips=5,
        mode='uniform',
    ),
    dict(type='LoadAVClip', audio_seconds=1.93),
    dict(type='ThreeCrop', scale=72, size=64),
    dict(type='LogMel', num_mel_bins=64, target_frames=192),
    dict(type='PackAVInputs'),
]
# One clip from the middle, one crop: for localization maps.
center_pipeline = [
    dict(type='OpenAVFile', audio='error'),
    dict(type='SampleClip', clip_len=4, frame_interval=8, target_fps=16, mode='uniform'),
    dict(type='LoadAVClip', audio_seconds=1.93),
    dict(type='CenterCrop', scale=72, size=64),
    dict(type='LogMel', num_mel_bins=64, target_frames=192),
    dict(type='PackAVInputs'),
]
