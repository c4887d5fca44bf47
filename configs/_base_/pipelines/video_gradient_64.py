# Views of LTG at 64 x 64, for AVSprites: 4 frames, every 8th at 16 fps, and how each differs from the next
# one of the file. See video_gradient_224.py, and video_64.py for the jitter.
frames_and_partners = [
    dict(type='SampleClip', clip_len=4, frame_interval=8, target_fps=16),
    dict(type='PairFrames'),
    dict(type='LoadAVClip'),
    dict(type='RandomScaleCrop', scale=(64, 80), size=64),
    dict(type='Flip', prob=0.5),
]
gradient_labeled_pipeline = [
    dict(type='OpenAVFile', audio=None, cache=1024),
    *frames_and_partners,
    dict(
        type='MultiView',
        weak=[dict(type='TakeFrames')],
        weak_gradient=[dict(type='TemporalGradient')],
    ),
    dict(type='PackAVInputs'),
]
gradient_unlabeled_pipeline = [
    dict(type='OpenAVFile', audio=None, cache=1024),
    *frames_and_partners,
    dict(
        type='MultiView',
        weak=[dict(type='TakeFrames')],
        weak_gradient=[dict(type='TemporalGradient')],
        strong=[dict(type='TakeFrames'), dict(type='ColorJitter', brightness=0.2, contrast=0.2)],
        strong_gradient=[
            dict(type='TemporalGradient'),
            dict(type='ColorJitter', brightness=0.2, contrast=0.2),
        ],
    ),
    dict(type='PackAVInputs'),
]
