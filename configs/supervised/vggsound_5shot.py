# Supervised baseline on VGGSound with 5 labels per class.
_base_ = [
    '../_base_/models/supervised_vit-b.py',
    '../_base_/datasets/vggsound_labeled.py',
    '../_base_/schedules/sgd_50e.py',
    '../_base_/default_runtime.py',
]

model = dict(student=dict(head=dict(num_classes=309)))

prepare_commands = dict(
    data='python tools/data/prepare_vggsound.py /path/to/VGGSound data/vggsound',
    split='python tools/data/make_split.py data/vggsound/manifest_train.csv --shots 5 --seed 0',
)
train_dataloader = dict(dataset=dict(ann_file='splits/5shot_seed0/labeled.csv'))
