# AvCLR (a re-implementation from the published description) on AVSprites with 2 labels per class.
_base_ = [
    '../_base_/models/avclr_tiny.py',
    '../_base_/datasets/avsprites_audio_visual.py',
    '../_base_/schedules/adamw_tiny.py',
    '../_base_/default_runtime.py',
]

model = dict(student=dict(head=dict(num_classes=8)))

split = 'splits/2shot_seed0'
prepare_commands = dict(
    data='python tools/data/make_avsprites.py data/avsprites --workers 2',
    split='python tools/data/make_split.py data/avsprites/manifest_train.csv --shots 2 --seed 0',
)
train_dataloader = dict(
    dataset=dict(
        labeled=dict(ann_file=f'{split}/labeled.csv'),
        unlabeled=dict(ann_file=f'{split}/unlabeled.csv'),
    )
)
