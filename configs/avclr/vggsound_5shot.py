# AvCLR (a re-implementation from the published description) on VGGSound with 5 labels per class.
_base_ = [
    '../_base_/models/avclr_r3d-18.py',
    '../_base_/datasets/vggsound_audio_visual.py',
    '../_base_/schedules/sgd_45e_ltg.py',
    '../_base_/default_runtime.py',
]

model = dict(student=dict(head=dict(num_classes=309)), warmup_epochs=10)

split = 'splits/5shot_seed0'
prepare_commands = dict(
    data='python tools/data/prepare_vggsound.py /path/to/VGGSound data/vggsound',
    split='python tools/data/make_split.py data/vggsound/manifest_train.csv --shots 5 --seed 0',
)
train_dataloader = dict(
    batch_size=16,
    batch_sampler=dict(ratio=(1, 1)),  # as LTG, whose schedule this is
    dataset=dict(
        labeled=dict(ann_file=f'{split}/labeled.csv'),
        unlabeled=dict(ann_file=f'{split}/unlabeled.csv'),
    )
)
