# AVSprites, frames at two rates for TCL (1 labeled : 2 unlabeled), one test view.
_base_ = ['./avsprites_video.py', '../pipelines/two_rates_64.py']

train_dataloader = dict(
    dataset=dict(
        labeled=dict(pipeline={{_base_.two_rates_labeled_pipeline}}),
        unlabeled=dict(pipeline={{_base_.two_rates_unlabeled_pipeline}}),
    ),
)
val_dataloader = dict(dataset=dict(pipeline={{_base_.two_rates_test_pipeline}}))
test_dataloader = val_dataloader
