# Mean Teacher on Kinetics-400 with 1 label per class: squared error of probabilities on two weak views.
_base_ = '../fixmatch/k400_1shot.py'

model = dict(
    threshold=dict(threshold=0.0),
    test_with='both',
    consistency=dict(type='ConsistencyLoss', kind='mse'),
    loss_weights=dict(unsup=50.0),
)
custom_hooks = [
    dict(type='EMATeacherHook', momentum=0.001, warmup=True),
    dict(type='ThresholdUpdateHook'),
    dict(type='LossWeightRampHook', name='unsup', share=0.4),
]
# Two weak views of an unlabeled clip.
train_dataloader = dict(
    dataset=dict(
        unlabeled=dict(
            pipeline=[
                dict(type='OpenAVFile', audio='error'),
                dict(type='MultiView', weak={{_base_.weak_view}}, strong={{_base_.weak_view}}),
                dict(type='PackAVInputs'),
            ]
        )
    )
)
