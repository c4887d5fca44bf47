# One's own videos, frames and sound: semi-supervised training (1 labeled : 2 unlabeled), 15-view test.
_base_ = ['./avsprites_audio_visual.py', '../pipelines/audio_visual_128.py']

input_size = dict(num_frames=2, size=128)
train_dataloader = dict(
    batch_size=12,
    dataset=dict(
        labeled=dict(data_root='data/own', pipeline={{_base_.labeled_pipeline_128}}),
        unlabeled=dict(data_root='data/own', pipeline={{_base_.unlabeled_pipeline_128}}),
    ),
)
val_dataloader = dict(dataset=dict(data_root='data/own', pipeline={{_base_.test_pipeline_128}}))
test_dataloader = val_dataloader
