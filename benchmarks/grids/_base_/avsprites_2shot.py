# What grids on AVSprites share: 2 labels per class by the seed, one localizer for all seeds.
prepare = [
    dict(
        command='python tools/data/make_avsprites.py data/avsprites --workers 2',
        makes='data/avsprites/manifest_train.csv',
    ),
    dict(
        command='python tools/data/make_split.py data/avsprites/manifest_train.csv --shots 2 '
        '--seed {seed}',
        makes='data/avsprites/splits/2shot_seed{seed}',
    ),
    dict(
        command='python tools/train.py configs/localizers/fnac_avsprites.py',
        makes='work_dirs/localizers/fnac_avsprites/epoch_6.pth',
    ),
]
# Epochs 10 and 15 are validated, for the best one.
options = ['randomness.seed={seed}', 'train_cfg.val_begin=10', 'train_cfg.val_interval=5']
# Options of rows with unlabeled clips, and of those without.
_semi_supervised = [
    'train_dataloader.dataset.labeled.ann_file=splits/2shot_seed{seed}/labeled.csv',
    'train_dataloader.dataset.unlabeled.ann_file=splits/2shot_seed{seed}/unlabeled.csv',
]
_supervised = ['train_dataloader.dataset.ann_file=splits/2shot_seed{seed}/labeled.csv']
