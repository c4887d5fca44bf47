# Table 1 of the paper at the size of two CPU cores: methods against each other.
_base_ = './_base_/avsprites_2shot.py'

name = 'table1_small'
title = 'What Table 1 compares, on AVSprites'
note = '2 labels per class, chosen by the seed.'
baseline = 'svformer_flex'
paper = 'UCF-51, 1 label per class, ViT-B'

rows = [
    dict(
        name='supervised',
        title='the labeled clips alone, video and audio',
        config='configs/supervised/avsprites_2shot.py',
        options={{_base_._supervised}},
    ),
    dict(
        name='svformer',
        title='SVFormer',
        config='configs/svformer/avsprites_2shot.py',
        options={{_base_._semi_supervised}},
        paper=60.75,
    ),
    dict(
        name='svformer_flex',
        title='SVFormer-Flex',
        config='configs/svformer_flex/avsprites_2shot.py',
        options={{_base_._semi_supervised}},
        paper=63.58,
    ),
    dict(
        name='asl_mix',
        title='ASL-Mix',
        config='configs/asl_mix/avsprites_2shot.py',
        options={{_base_._semi_supervised}},
        paper=72.58,
    ),
]
