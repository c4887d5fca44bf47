# The weight of the contrast at the size of two CPU cores.
_base_ = './_base_/avsprites_2shot.py'

name = 'contrast_small'
title = 'The weight of the contrast, on AVSprites'
note = '2 labels per class, chosen by the seed.'
baseline = 'none'

rows = [
    dict(
        name='none',
        title='no contrast',
        config='configs/asl_mix/ablations/avsprites_2shot_asl_mask.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='weight_10',
        title='weight 0.1',
        config='configs/asl_mix/avsprites_2shot.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='weight_20',
        title='weight 0.2',
        config='configs/asl_mix/ablations/avsprites_2shot_contrast_weight_20.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='weight_30',
        title='weight 0.3',
        config='configs/asl_mix/ablations/avsprites_2shot_contrast_weight_30.py',
        options={{_base_._semi_supervised}},
    ),
]
