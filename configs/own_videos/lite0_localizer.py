# The localizer of lite0_asl_mix.py, without labels.
_base_ = './small_localizer.py'

input_size = dict(num_frames=2, size=128)

view = [
    dict(type='SampleClip', clip_len=2, frame_interval=16, target_fps=16),
    dict(type='LoadAVClip', audio_seconds=1.93),
    dict(type='RandomScaleCrop', scale=(132, 160), size=128),
    dict(type='Flip', prob=0.5),
    dict(type='LogMel', num_mel_bins=64, target_frames=192),
]
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='OpenAVFile', audio='error', cache=1024),
            dict(type='MultiView', weak=view),
            dict(type='PackAVInputs'),
        ]
    )
)
