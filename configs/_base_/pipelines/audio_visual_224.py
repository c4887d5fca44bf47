# Views of a video with sound: frames as in video_224.py, and the 2.56 s of sound around the clip as
# 256 frames of a 128-bin log-mel.
input_size = dict(num_frames=8, size=224, audio_frames=256, num_mel_bins=128)

weak_view = [
    dict(type='SampleClip', clip_len=8, frame_interval=8),
    dict(type='LoadAVClip', audio_seconds=2.56),
    dict(type='RandomScaleCrop', scale=(256, 320), size=224),
    dict(type='Flip', prob=0.5),
    dict(type='LogMel', num_mel_bins=128, target_frames=256),
]
strong_view = [
    dict(type='SampleClip', clip_len=8, frame_interval=8),
    dict(type='LoadAVClip', audio_seconds=2.56),
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
# 5 clips x 3 crops (paper, section 4.2).
test_pipeline = [
    dict(type='OpenAVFile', audio='error'),
    dict(type='SampleClip', clip_len=8, frame_interval=8, num_clips=5, mode='uniform'),
    dict(type='LoadAVClip', audio_seconds=2.56),
    dict(type='ThreeCrop', scale=224, size=224),
    dict(type='LogMel', num_mel_bins=128, target_frames=256),
    dict(type='PackAVInputs'),
]
