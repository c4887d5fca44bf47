# LTG on Kinetics-400 with 5 labels per class.
_base_ = './k400_1shot.py'

split = 'splits/5shot_seed0'
prepare_commands = dict(
    split='python tools/data/make_split.py data/k400/manifest_train.csv --shots 5 --seed 0',
)
train_dataloader = dict(
    dataset=dict(
        labeled=dict(ann_file=f'{split}/labeled.csv'),
        unlabeled=dict(ann_file=f'{split}/unlabeled.csv'),
    )
)
