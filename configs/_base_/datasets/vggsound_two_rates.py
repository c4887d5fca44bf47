# VGGSound, frames at two rates for TCL (1 labeled : 3 unlabeled), one test view.
_base_ = ['./vggsound_video.py', '../pipelines/two_rates_224.py']

train_dataloader = dict(
    batch_size=32,
    sampler=dict(epoch_over='labeled'),
    batch_sampler=dict(ratio=(1, 3)),
    dataset=dict(
        labeled=dict(pipeline={{_base_.two_rates_labeled_pipeline}}),
        unlabeled=dict(pipeline={{_base_.two_rates_unlabeled_pipeline}}),
    ),
)
val_dataloader = dict(dataset=dict(pipeline={{_base_.two_rates_test_pipeline}}))
test_dataloader = val_dataloader
