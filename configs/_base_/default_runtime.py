default_scope = 'mmavssl'

# Hooks by MMEngine's names; the others are ours: they keep runs reproducible and checkpoints whole and
# plain data, list the clips that cannot be used, and let a run be stopped (docs/reliability.md).
default_hooks = dict(
    runtime_info=dict(type='DeferredInfoHook'),
    bad_samples=dict(type='BadSamplesHook'),
    step_seed=dict(type='StepSeedHook'),
    epoch_boundary=dict(type='EpochBoundaryHook'),
    non_finite_guard=dict(type='NonFiniteGuardHook', limit=10),
    global_batch=dict(type='GlobalBatchHook'),
    plain_checkpoint=dict(type='PlainCheckpointHook'),
    sharded_state=dict(type='ShardedStateHook'),
    preemption=dict(type='PreemptionHook'),
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=10),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='SafeCheckpointHook', interval=1, max_keep_ckpts=2),
    sampler_seed=dict(type='DistSamplerSeedHook'),
)

env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
log_processor = dict(
    type='LogProcessor',
    window_size=10,
    by_epoch=True,
    # Of single batches these say little.
    custom_cfg=[
        dict(data_src='pass_rate', method_name='mean', window_size='epoch'),
        dict(data_src='pseudo_label_acc', method_name='mean', window_size='epoch'),
    ],
)
visualizer = dict(type='Visualizer', vis_backends=[dict(type='LocalVisBackend')])
randomness = dict(seed=0)
log_level = 'INFO'
load_from = None
resume = False
