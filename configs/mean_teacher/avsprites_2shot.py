# Mean Teacher on AVSprites with 2 labels per class: squared error of probabilities on two weak views.
_base_ = '../fixmatch/avsprites_2shot.py'

model = dict(
    threshold=dict(threshold=0.0),
    test_with='both',
    consistency=dict(type='ConsistencyLoss', kind='mse'),
    loss_weights=dict(unsup=50.0),
)
custom_hooks = [
    dict(type='EMATeacherHook', momentum=0.01, warmup=True),
    dict(type='ThresholdUpdateHook'),
    dict(type='LossWeightRampHook', name='unsup', share=0.4),
]
# Two weak views of an unlabeled clip.
train_dataloader = dict(
    dataset=dict(
        unlabeled=dict(
            pipeline=[
                dict(type='OpenAVFile', audio='error', cache=1024),
                dict(type='MultiView', weak={{_base_.weak_view}}, strong={{_base_.weak_view}}),
                dict(type='PackAVInputs'),
            ]
        )
    )
)
