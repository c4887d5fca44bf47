# Supervised baseline on Kinetics-400 with 1 label per class.
_base_ = [
    '../_base_/models/supervised_vit-b.py',
    '../_base_/datasets/k400_labeled.py',
    '../_base_/schedules/sgd_50e.py',
    '../_base_/default_runtime.py',
]

model = dict(student=dict(head=dict(num_classes=400)))

prepare_commands = dict(
    data='python tools/data/prepare_k400.py /path/to/kinetics400 data/k400',
    split='python tools/data/make_split.py data/k400/manifest_train.csv --shots 1 --seed 0',
)
train_dataloader = dict(dataset=dict(ann_file='splits/1shot_seed0/labeled.csv'))
