# Fig. 4 of the paper at the size of two CPU cores: the base of the threshold.
_base_ = './_base_/avsprites_2shot.py'

name = 'fig4_small'
title = 'What Fig. 4 compares, on AVSprites'
note = '2 labels per class, chosen by the seed. Flex: ASL-Mix; fixed: SVFormer that hears.'
baseline = 'flex_95'

rows = [
    dict(
        name='flex_10',
        title='ASL-Mix, class-wise threshold below 0.1',
        config='configs/asl_mix/ablations/avsprites_2shot_threshold_10.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='flex_30',
        title='ASL-Mix, class-wise threshold below 0.3',
        config='configs/asl_mix/ablations/avsprites_2shot_threshold_30.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='flex_50',
        title='ASL-Mix, class-wise threshold below 0.5',
        config='configs/asl_mix/ablations/avsprites_2shot_threshold_50.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='flex_70',
        title='ASL-Mix, class-wise threshold below 0.7',
        config='configs/asl_mix/ablations/avsprites_2shot_threshold_70.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='flex_95',
        title='ASL-Mix, class-wise threshold below 0.95',
        config='configs/asl_mix/avsprites_2shot.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='fixed_10',
        title='tubes, fixed threshold 0.1',
        config='configs/asl_mix/ablations/avsprites_2shot_av_tube_fixed_10.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='fixed_30',
        title='tubes, fixed threshold 0.3',
        config='configs/asl_mix/ablations/avsprites_2shot_av_tube_fixed_30.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='fixed_50',
        title='tubes, fixed threshold 0.5',
        config='configs/asl_mix/ablations/avsprites_2shot_av_tube_fixed_50.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='fixed_70',
        title='tubes, fixed threshold 0.7',
        config='configs/asl_mix/ablations/avsprites_2shot_av_tube_fixed_70.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='fixed_95',
        title='tubes, fixed threshold 0.95',
        config='configs/asl_mix/ablations/avsprites_2shot_av_tube_fixed.py',
        options={{_base_._semi_supervised}},
    ),
]
