# What the localizer is worth: ASL-Mix by maps of several kinds, from chance to the true boxes.
_base_ = './_base_/avsprites_2shot.py'

name = 'controls_small'
title = 'Whose maps guide ASL-Mix, on AVSprites'
note = (
    '2 labels per class, chosen by the seed; everything but mask and label of mixed clips is the '
    'same. Tube masks have shares by Beta(10, 10), the others by Beta(5, 10). Labels and sounds '
    'are mixed by the share of tokens, as in the paper, or by evidence: what is left of both '
    'localization maps.'
)
baseline = 'uniform'

# Other grids have some of them.
_rows = dict(
    tube=dict(
        name='tube',
        title='no map: tube masks',
        config='configs/asl_mix/ablations/avsprites_2shot_av_tube_contrast.py',
        options={{_base_._semi_supervised}},
    ),
    uniform=dict(
        name='uniform',
        title='random numbers',
        config='configs/asl_mix/controls/avsprites_2shot_uniform.py',
        options={{_base_._semi_supervised}},
    ),
    center_prior=dict(
        name='center_prior',
        title='the middle of the frame',
        config='configs/asl_mix/controls/avsprites_2shot_center_prior.py',
        options={{_base_._semi_supervised}},
    ),
    fnac=dict(
        name='fnac',
        title='FNAC, as in ASL-Mix',
        config='configs/asl_mix/avsprites_2shot.py',
        options={{_base_._semi_supervised}},
    ),
    fnac_evidence=dict(
        name='fnac_evidence',
        title='FNAC, labels by evidence',
        config='configs/asl_mix/ablations/avsprites_2shot_evidence.py',
        options={{_base_._semi_supervised}},
    ),
    oracle=dict(
        name='oracle',
        title='the box of what sounds',
        config='configs/asl_mix/controls/avsprites_2shot_oracle.py',
        options={{_base_._semi_supervised}},
    ),
    oracle_evidence=dict(
        name='oracle_evidence',
        title='the box, labels by evidence',
        config='configs/asl_mix/controls/avsprites_2shot_oracle_evidence.py',
        options={{_base_._semi_supervised}},
    ),
)
rows = [*_rows.values()]
