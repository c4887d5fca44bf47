# What the labels of mixed clips should say: the share of tokens, or of what is left of both maps.
_base_ = './_base_/avsprites_2shot.py'

name = 'labels_small'
title = 'What labels of guided mixes say, on AVSprites'
note = (
    '2 labels per class, chosen by the seed. Labels and sounds are mixed by the share of tokens, '
    'as in the paper, or by evidence: what is left of both localization maps.'
)
baseline = 'fnac'

rows = [
    dict(
        name='tube',
        title='no map: tube masks',
        config='configs/asl_mix/ablations/avsprites_2shot_av_tube_contrast.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='uniform',
        title='random numbers',
        config='configs/asl_mix/controls/avsprites_2shot_uniform.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='fnac',
        title='FNAC, as in ASL-Mix',
        config='configs/asl_mix/avsprites_2shot.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='fnac_evidence',
        title='FNAC, labels by evidence',
        config='configs/asl_mix/ablations/avsprites_2shot_evidence.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='oracle',
        title='the box of what sounds',
        config='configs/asl_mix/controls/avsprites_2shot_oracle.py',
        options={{_base_._semi_supervised}},
    ),
    dict(
        name='oracle_evidence',
        title='the box, labels by evidence',
        config='configs/asl_mix/controls/avsprites_2shot_oracle_evidence.py',
        options={{_base_._semi_supervised}},
    ),
]
