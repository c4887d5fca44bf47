# Table 1 of the paper at the size of two CPU cores: methods against each other.
_base_ = './_base_/avsprites_2shot.py'

name = 'table1_small'
title = 'What Table 1 compares, on AVSprites'
note = (
    '2 labels per class, chosen by the seed. TCL, LTG and AvCLR start from random weights, as in '
    'the paper; frames of the others from weights trained with labels on stills.'
)
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
    dict(
        name='fixmatch',
        title='FixMatch, video and audio',
        config='configs/fixmatch/avsprites_2shot.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='flexmatch',
        title='FlexMatch, video and audio',
        config='configs/flexmatch/avsprites_2shot.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='freematch',
        title='FreeMatch, video and audio',
        config='configs/freematch/avsprites_2shot.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='softmatch',
        title='SoftMatch, video and audio',
        config='configs/softmatch/avsprites_2shot.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='uda',
        title='UDA, video and audio',
        config='configs/uda/avsprites_2shot.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='pseudo_label',
        title='Pseudo-Label, video and audio',
        config='configs/pseudo_label/avsprites_2shot.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='mean_teacher',
        title='Mean Teacher, video and audio',
        config='configs/mean_teacher/avsprites_2shot.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='cross_modal',
        title='video and audio label each other',
        config='configs/cross_modal/avsprites_2shot.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='tcl',
        title='TCL, video alone',
        config='configs/tcl/avsprites_2shot.py',
        options={{_base_._semi_supervised}},
        paper=9.16,
    ),
    dict(
        name='ltg',
        title='LTG, video alone',
        config='configs/ltg/avsprites_2shot.py',
        options={{_base_._semi_supervised}},
        paper=16.51,
    ),
    dict(
        name='avclr',
        title='AvCLR, re-implemented',
        config='configs/avclr/avsprites_2shot.py',
        options={{_base_._semi_supervised}},
    ),
]
