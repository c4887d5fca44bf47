# FNAC's and EZ-VSL's views: one frame, and the 3 s from the middle of the sound as a 128-bin log-mel.
# 3 s are 298 frames of a log-mel, padded to 304, a multiple of 16.
input_size = dict(num_frames=1, size=224, audio_frames=304, num_mel_bins=128)

train_pipeline = [
    dict(type='OpenAVFile', audio='error'),
    dict(
        type='MultiView',
        weak=[
            dict(type='SampleClip', clip_len=1, frame_interval=1),
            dict(type='LoadFrameAndSound', audio_seconds=3.0),
            dict(type='BicubicRandomCrop', scale=246, size=224),
            dict(type='Flip', prob=0.5),
            dict(type='LogMel', num_mel_bins=128, target_frames=304),
        ],
    ),
    dict(type='PackAVInputs'),
]
# The middle frame as a whole.
test_pipeline = [
    dict(type='OpenAVFile', audio='error'),
    dict(type='SampleClip', clip_len=1, frame_interval=1, mode='uniform'),
    dict(type='LoadFrameAndSound', audio_seconds=3.0),
    dict(type='BicubicResize', size=224),
    dict(type='LogMel', num_mel_bins=128, target_frames=304),
    dict(type='PackAVInputs'),
]
# The same for localizers that hear FNAC's own spectrogram (audio_input='spectrogram').
spectrogram_train_pipeline = [
    dict(type='OpenAVFile', audio='error'),
    dict(
        type='MultiView',
        weak=[
            dict(type='SampleClip', clip_len=1, frame_interval=1),
            dict(type='LoadFrameAndSound', audio_seconds=3.0),
            dict(type='BicubicRandomCrop', scale=246, size=224),
            dict(type='Flip', prob=0.5),
            dict(type='LogSpectrogram', seconds=3.0),
        ],
    ),
    dict(type='PackAVInputs'),
]
spectrogram_test_pipeline = [
    dict(type='OpenAVFile', audio='error'),
    dict(type='SampleClip', clip_len=1, frame_interval=1, mode='uniform'),
    dict(type='LoadFrameAndSound', audio_seconds=3.0),
    dict(type='BicubicResize', size=224),
    dict(type='LogSpectrogram', seconds=3.0),
    dict(type='PackAVInputs'),
]
