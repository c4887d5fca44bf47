# Fig. 5 of the paper at the size of two CPU cores: frames that share a map, of the clip of 4.
_base_ = './_base_/avsprites_2shot.py'

_semi_supervised = [
    'train_dataloader.dataset.labeled.ann_file=splits/2shot_seed{seed}/labeled.csv',
    'train_dataloader.dataset.unlabeled.ann_file=splits/2shot_seed{seed}/unlabeled.csv',
]

name = 'fig5_small'
title = 'What Fig. 5 compares, on AVSprites'
note = '2 labels per class, chosen by the seed; clips have 4 frames.'
baseline = 'frames_1'

rows = [
    dict(
        name='frames_1',
        title='1 frame per map',
        config='configs/asl_mix/avsprites_2shot.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='frames_2',
        title='2 frames per map',
        config='configs/asl_mix/avsprites_2shot.py',
        options=[*_semi_supervised, 'model.mixer.masker.frames_per_map=2'],
    ),
    dict(
        name='frames_4',
        title='4 frames per map',
        config='configs/asl_mix/avsprites_2shot.py',
        options=[*_semi_supervised, 'model.mixer.masker.frames_per_map=4'],
    ),
]
