# TCL on VGGSound with 5 labels per class.
_base_ = [
    '../_base_/models/tcl_tsm-r18.py',
    '../_base_/datasets/vggsound_two_rates.py',
    '../_base_/schedules/sgd_400e_tcl.py',
    '../_base_/default_runtime.py',
]

model = dict(student=dict(head=dict(num_classes=309)))

split = 'splits/5shot_seed0'
prepare_commands = dict(
    data='python tools/data/prepare_vggsound.py /path/to/VGGSound data/vggsound',
    split='python tools/data/make_split.py data/vggsound/manifest_train.csv --shots 5 --seed 0',
)
train_dataloader = dict(
    dataset=dict(
        labeled=dict(ann_file=f'{split}/labeled.csv'),
        unlabeled=dict(ann_file=f'{split}/unlabeled.csv'),
    )
)
