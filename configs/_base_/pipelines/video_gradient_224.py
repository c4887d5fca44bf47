# Views of LTG at 224 x 224: 8 frames, every 8th at 30 fps, and how each differs from the next one of the
# file. All four views share window, crop and flip; frames and gradients are augmented independently.
# (Released code: crops of 8 to 100 % of the area, of any shape from 3:4 to 4:3.)
frames_and_partners = [
    dict(type='SampleClip', clip_len=8, frame_interval=8),
    dict(type='PairFrames'),
    dict(type='LoadAVClip'),
    dict(type='RandomScaleCrop', scale=(256, 320), size=224),
    dict(type='Flip', prob=0.5),
]
gradient_labeled_pipeline = [
    dict(type='OpenAVFile', audio=None),
    *frames_and_partners,
    dict(
        type='MultiView',
        weak=[dict(type='TakeFrames')],
        weak_gradient=[dict(type='TemporalGradient')],
    ),
    dict(type='PackAVInputs'),
]
gradient_unlabeled_pipeline = [
    dict(type='OpenAVFile', audio=None),
    *frames_and_partners,
    dict(
        type='MultiView',
        weak=[dict(type='TakeFrames')],
        weak_gradient=[dict(type='TemporalGradient')],
        strong=[dict(type='TakeFrames'), dict(type='RandAugment', num_ops=2, magnitude=9)],
        strong_gradient=[
            dict(type='TemporalGradient'),
            dict(type='RandAugment', num_ops=2, magnitude=9),
        ],
    ),
    dict(type='PackAVInputs'),
]
