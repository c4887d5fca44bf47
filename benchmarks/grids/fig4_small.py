# Fig. 4 of the paper at the size of two CPU cores: the base of the threshold.
_base_ = './_base_/avsprites_2shot.py'

_semi_supervised = [
    'train_dataloader.dataset.labeled.ann_file=splits/2shot_seed{seed}/labeled.csv',
    'train_dataloader.dataset.unlabeled.ann_file=splits/2shot_seed{seed}/unlabeled.csv',
]

name = 'fig4_small'
title = 'What Fig. 4 compares, on AVSprites'
note = '2 labels per class, chosen by the seed. Flex: ASL-Mix; fixed: SVFormer that hears.'
baseline = 'flex_95'

rows = [
    dict(
        name='flex_10',
        title='ASL-Mix, class-wise threshold below 0.1',
        config='configs/asl_mix/avsprites_2shot.py',
        options=[*_semi_supervised, 'model.threshold.threshold=0.1'],
    ),
    dict(
        name='flex_30',
        title='ASL-Mix, class-wise threshold below 0.3',
        config='configs/asl_mix/avsprites_2shot.py',
        options=[*_semi_supervised, 'model.threshold.threshold=0.3'],
    ),
    dict(
        name='flex_50',
        title='ASL-Mix, class-wise threshold below 0.5',
        config='configs/asl_mix/avsprites_2shot.py',
        options=[*_semi_supervised, 'model.threshold.threshold=0.5'],
    ),
    dict(
        name='flex_70',
        title='ASL-Mix, class-wise threshold below 0.7',
        config='configs/asl_mix/avsprites_2shot.py',
        options=[*_semi_supervised, 'model.threshold.threshold=0.7'],
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
        config='configs/asl_mix/ablations/avsprites_2shot_av_tube_fixed.py',
        options=[*_semi_supervised, 'model.threshold.threshold=0.1'],
    ),
    dict(
        name='fixed_30',
        title='tubes, fixed threshold 0.3',
        config='configs/asl_mix/ablations/avsprites_2shot_av_tube_fixed.py',
        options=[*_semi_supervised, 'model.threshold.threshold=0.3'],
    ),
    dict(
        name='fixed_50',
        title='tubes, fixed threshold 0.5',
        config='configs/asl_mix/ablations/avsprites_2shot_av_tube_fixed.py',
        options=[*_semi_supervised, 'model.threshold.threshold=0.5'],
    ),
    dict(
        name='fixed_70',
        title='tubes, fixed threshold 0.7',
        config='configs/asl_mix/ablations/avsprites_2shot_av_tube_fixed.py',
        options=[*_semi_supervised, 'model.threshold.threshold=0.7'],
    ),
    dict(
        name='fixed_95',
        title='tubes, fixed threshold 0.95',
        config='configs/asl_mix/ablations/avsprites_2shot_av_tube_fixed.py',
        options={{_base_._semi_supervised}},
    ),
]
