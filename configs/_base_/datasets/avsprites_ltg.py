# AVSprites, frames and temporal gradients for LTG (1 labeled : 2 unlabeled), 15-view test.
_base_ = ['./avsprites_video.py', '../pipelines/video_gradient_64.py']

train_dataloader = dict(
    dataset=dict(
        labeled=dict(pipeline={{_base_.gradient_labeled_pipeline}}),
        unlabeled=dict(pipeline={{_base_.gradient_unlabeled_pipeline}}),
    ),
)
