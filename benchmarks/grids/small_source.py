# controls_small where what sounds is small, and silent actors are as large.
_base_ = './controls_small.py'

name = 'small_source'
title = 'What guides ASL-Mix, where what sounds is small'
note = (
    'AVSprites with actors of 0.15 to 0.2 of the side of the frame (0.3 to 0.4 as it is shipped) '
    'and two silent ones of at most their size; 2 labels per class, chosen by the seed.'
)
baseline = 'tube'
rows = [
    {{_base_._rows.tube}},
    {{_base_._rows.fnac}},
    {{_base_._rows.oracle}},
    {{_base_._rows.oracle_evidence}},
]
prepare = [
    dict(
        command='python tools/data/make_avsprites.py data/avsprites_small_source --workers 2 '
        '--actor-size 0.15 0.2 --num-distractors 2 --distractor-scale 1',
        makes='data/avsprites_small_source/manifest_train.csv',
    ),
    dict(
        command='python tools/data/make_split.py data/avsprites_small_source/manifest_train.csv '
        '--shots 2 --seed {seed}',
        makes='data/avsprites_small_source/splits/2shot_seed{seed}',
    ),
    dict(
        command='python tools/train.py configs/localizers/fnac_avsprites.py --work-dir '
        'work_dirs/localizers/fnac_small_source --cfg-options '
        'train_dataloader.dataset.data_root=data/avsprites_small_source',
        makes='work_dirs/localizers/fnac_small_source/epoch_6.pth',
    ),
]
moves = {
    'data/avsprites': 'data/avsprites_small_source',
    'work_dirs/localizers/fnac_avsprites': 'work_dirs/localizers/fnac_small_source',
}
