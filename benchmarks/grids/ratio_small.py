# Labeled to unlabeled clips of an iteration of 24.
_base_ = './_base_/avsprites_2shot.py'

name = 'ratio_small'
title = 'Labeled to unlabeled clips, on AVSprites'
note = '2 labels per class, chosen by the seed; 24 clips an iteration in all rows.'
baseline = 'ratio_2'

rows = [
    dict(
        name='ratio_1',
        title='1 : 1',
        config='configs/asl_mix/ablations/avsprites_2shot_ratio_1.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='ratio_2',
        title='1 : 2',
        config='configs/asl_mix/avsprites_2shot.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='ratio_3',
        title='1 : 3',
        config='configs/asl_mix/ablations/avsprites_2shot_ratio_3.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='ratio_5',
        title='1 : 5',
        config='configs/asl_mix/ablations/avsprites_2shot_ratio_5.py',
        options={{_base_._semi_supervised}},
    ),
]
