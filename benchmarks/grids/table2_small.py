# Table 2 of the paper at the size of two CPU cores: what masks and contrast bring.
_base_ = './_base_/avsprites_2shot.py'

name = 'table2_small'
title = 'What Table 2 compares, on AVSprites'
note = (
    '2 labels per class, chosen by the seed; networks with random weights apart from the frame '
    'encoder; the same localizer for all seeds.'
)
baseline = 'av_tube'
paper = 'UCF-51, 1 label per class, ViT-B'

rows = [
    dict(
        name='svformer_flex',
        title='video alone, tube masks',
        config='configs/svformer_flex/avsprites_2shot.py',
        options={{_base_._semi_supervised}},
        paper=63.58,
    ),
    dict(
        name='av_tube',
        title='video and audio, tube masks',
        config='configs/asl_mix/ablations/avsprites_2shot_av_tube.py',
        options={{_base_._semi_supervised}},
        paper=66.72,
    ),
    dict(
        name='av_tube_contrast',
        title='... and contrast',
        config='configs/asl_mix/ablations/avsprites_2shot_av_tube_contrast.py',
        options={{_base_._semi_supervised}},
        paper=68.52,
    ),
    dict(
        name='asl_mask',
        title='video and audio, guided masks',
        config='configs/asl_mix/ablations/avsprites_2shot_asl_mask.py',
        options={{_base_._semi_supervised}},
        paper=71.55,
    ),
    dict(
        name='asl_mix',
        title='... and contrast: ASL-Mix',
        config='configs/asl_mix/avsprites_2shot.py',
        options={{_base_._semi_supervised}},
        paper=72.58,
    ),
]
