# Whether maps matter where what sounds is small: controls_small on clips with small actors.
_base_ = './_base_/avsprites_2shot.py'

_data = 'data/avsprites_small_source'
_localizer = 'work_dirs/localizers/fnac_small_source'

name = 'small_source'
title = 'Whose maps guide ASL-Mix, where what sounds is small'
note = (
    'AVSprites with actors of 0.15 to 0.2 of the side of the frame (0.3 to 0.4 as it is shipped) '
    'and two silent ones of at most their size; 2 labels per class, chosen by the seed.'
)
baseline = 'tube'
prepare = [
    dict(
        command=f'python tools/data/make_avsprites.py {_data} --workers 2 --actor-size 0.15 0.2 '
        '--num-distractors 2 --distractor-scale 1',
        makes=f'{_data}/manifest_train.csv',
    ),
    dict(
        command=f'python tools/data/make_split.py {_data}/manifest_train.csv --shots 2 '
        '--seed {seed}',
        makes=f'{_data}/splits/2shot_seed{{seed}}',
    ),
    dict(
        command='python tools/train.py configs/localizers/fnac_avsprites.py '
        f'--work-dir {_localizer} --cfg-options train_dataloader.dataset.data_root={_data}',
        makes=f'{_localizer}/epoch_6.pth',
    ),
]
options = [
    'randomness.seed={seed}',
    'train_cfg.val_begin=10',
    'train_cfg.val_interval=5',
    'train_dataloader.dataset.labeled.ann_file=splits/2shot_seed{seed}/labeled.csv',
    'train_dataloader.dataset.unlabeled.ann_file=splits/2shot_seed{seed}/unlabeled.csv',
    f'train_dataloader.dataset.labeled.data_root={_data}',
    f'train_dataloader.dataset.unlabeled.data_root={_data}',
    f'val_dataloader.dataset.data_root={_data}',
    f'test_dataloader.dataset.data_root={_data}',
]
_checkpoint = f'model.mixer.masker.localizer.init_cfg.checkpoint={_localizer}/epoch_6.pth'
_boxes = (
    f'train_dataloader.dataset.unlabeled.pipeline.1.strong.4.boxes_file={_data}/boxes_train.npz'
)

rows = [
    dict(
        name='tube',
        title='no map: tube masks',
        config='configs/asl_mix/ablations/avsprites_2shot_av_tube_contrast.py',
    ),
    dict(
        name='uniform',
        title='random numbers',
        config='configs/asl_mix/controls/avsprites_2shot_uniform.py',
    ),
    dict(
        name='fnac',
        title='FNAC, trained on these clips',
        config='configs/asl_mix/avsprites_2shot.py',
        options=[_checkpoint],
    ),
    dict(
        name='fnac_evidence',
        title='FNAC, labels by evidence',
        config='configs/asl_mix/ablations/avsprites_2shot_evidence.py',
        options=[_checkpoint],
    ),
    dict(
        name='oracle',
        title='the box of what sounds',
        config='configs/asl_mix/controls/avsprites_2shot_oracle.py',
        options=[_boxes],
    ),
    dict(
        name='oracle_evidence',
        title='the box, labels by evidence',
        config='configs/asl_mix/controls/avsprites_2shot_oracle_evidence.py',
        options=[_boxes],
    ),
]
