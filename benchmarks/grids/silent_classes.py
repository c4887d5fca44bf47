# controls_small where half of the classes make no sound, so that they have no map.
_base_ = './controls_small.py'

name = 'silent_classes'
title = 'What guides ASL-Mix, where half of the classes are silent'
note = (
    'AVSprites whose actors have one class each that sounds and one that is silent, with the '
    'localizer of the clips that all sound; masks of silent clips are drawn uniformly, but for '
    'those of the box, which is around the actor all the same; 2 labels per class, chosen by the '
    'seed.'
)
baseline = 'tube'
rows = [
    {{_base_._rows.tube}},
    {{_base_._rows.uniform}},
    {{_base_._rows.fnac}},
    {{_base_._rows.oracle}},
]
prepare = [
    # For the localizer.
    dict(
        command='python tools/data/make_avsprites.py data/avsprites --workers 2',
        makes='data/avsprites/manifest_train.csv',
    ),
    dict(
        command='python tools/train.py configs/localizers/fnac_avsprites.py',
        makes='work_dirs/localizers/fnac_avsprites/epoch_6.pth',
    ),
    dict(
        command='python tools/data/make_avsprites.py data/avsprites_silent_classes --workers 2 '
        '--silent-classes 4',
        makes='data/avsprites_silent_classes/manifest_train.csv',
    ),
    dict(
        command='python tools/data/make_split.py data/avsprites_silent_classes/manifest_train.csv '
        '--shots 2 --seed {seed}',
        makes='data/avsprites_silent_classes/splits/2shot_seed{seed}',
    ),
]
moves = {'data/avsprites': 'data/avsprites_silent_classes'}
