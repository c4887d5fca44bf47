# Kinetics-400, frames and temporal gradients for LTG: 8 labeled and 8 unlabeled clips per GPU, 15-view test.
_base_ = ['./k400_video.py', '../pipelines/video_gradient_224.py']

train_dataloader = dict(
    batch_size=16,
    batch_sampler=dict(ratio=(1, 1)),
    dataset=dict(
        labeled=dict(pipeline={{_base_.gradient_labeled_pipeline}}),
        unlabeled=dict(pipeline={{_base_.gradient_unlabeled_pipeline}}),
    ),
)
