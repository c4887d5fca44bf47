# Kinds of masks and of mixing at the size of two CPU cores.
_base_ = './_base_/avsprites_2shot.py'

name = 'masks_small'
title = 'How ASL-Mix mixes, on AVSprites'
note = '2 labels per class, chosen by the seed; everything but the mixer is the same.'
baseline = 'tube'

rows = [
    dict(
        name='tube',
        title='tubes',
        config='configs/asl_mix/ablations/avsprites_2shot_av_tube_contrast.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='frame',
        title='whole frames',
        config='configs/asl_mix/ablations/avsprites_2shot_frame.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='random',
        title='tokens of each frame',
        config='configs/asl_mix/ablations/avsprites_2shot_random.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='mix_up',
        title='MixUp',
        config='configs/asl_mix/ablations/avsprites_2shot_mix_up.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='cut_mix',
        title='CutMix',
        config='configs/asl_mix/ablations/avsprites_2shot_cut_mix.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='asl_mix',
        title='guided tokens',
        config='configs/asl_mix/avsprites_2shot.py',
        options={{_base_._semi_supervised}},
    ),
]
