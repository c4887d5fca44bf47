# What grids on the other recipe of AVSprites share: other shapes, motions and sounds. It is not
# unseen: settings of the localizer were scored on it as well (benchmarks/localizers.py).
_prepare = [
    dict(
        command='python tools/data/make_avsprites.py data/avsprites_held_out --workers 2 '
        '--recipe held_out',
        makes='data/avsprites_held_out/manifest_train.csv',
    ),
    dict(
        command='python tools/data/make_split.py data/avsprites_held_out/manifest_train.csv '
        '--shots 2 --seed {seed}',
        makes='data/avsprites_held_out/splits/2shot_seed{seed}',
    ),
    dict(
        command='python tools/train.py configs/localizers/fnac_avsprites.py --work-dir '
        'work_dirs/localizers/fnac_held_out --cfg-options '
        'train_dataloader.dataset.data_root=data/avsprites_held_out',
        makes='work_dirs/localizers/fnac_held_out/epoch_6.pth',
    ),
]
_moves = {
    'data/avsprites': 'data/avsprites_held_out',
    'work_dirs/localizers/fnac_avsprites': 'work_dirs/localizers/fnac_held_out',
}
