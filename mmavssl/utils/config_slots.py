"""What belongs under which key of a config: registry, default type, keys that MMEngine removes."""

from typing import NamedTuple

from mmengine.registry import Registry

from mmavssl import registry as reg


class Slot(NamedTuple):
    """A place in a config that takes a component.

    Attributes:
        registry: where its type is looked up.
        default: type where the config names none, or None where it must.
        extra: keys that MMEngine uses itself and does not hand to the component.
    """

    registry: Registry
    default: str | None = None
    extra: tuple[str, ...] = ()


EVALUATOR_SLOT = Slot(reg.EVALUATOR, 'Evaluator')
LOOP_BY_EPOCH = {True: 'EpochBasedTrainLoop', False: 'IterBasedTrainLoop'}

TOP_LEVEL_SLOTS = {
    'model': Slot(reg.MODELS),
    'data_preprocessor': Slot(reg.MODELS, 'AVDataPreprocessor'),
    'train_cfg': Slot(reg.LOOPS),
    'val_cfg': Slot(reg.LOOPS, 'ValLoop'),
    'test_cfg': Slot(reg.LOOPS, 'TestLoop'),
    'optim_wrapper': Slot(reg.OPTIM_WRAPPERS, 'OptimWrapper', ('constructor', 'paramwise_cfg')),
    'param_scheduler': Slot(reg.PARAM_SCHEDULERS, None, ('convert_to_iter_based',)),
    'val_evaluator': Slot(reg.METRICS),
    'test_evaluator': Slot(reg.METRICS),
    'custom_hooks': Slot(reg.HOOKS, None, ('priority',)),
    'visualizer': Slot(reg.VISUALIZERS),
    'log_processor': Slot(reg.LOG_PROCESSORS, 'LogProcessor'),
    'model_wrapper_cfg': Slot(reg.MODEL_WRAPPERS, 'MMDistributedDataParallel'),
}

# Other top-level keys that MMEngine or our tools read.
FREE_TOP_LEVEL = (
    'activation_checkpointing', 'auto_scale_lr', 'compile', 'custom_imports', 'default_hooks',
    'default_scope', 'efficient_conv_bn_eval', 'env_cfg', 'experiment_name',
    'find_unused_parameters', 'launcher', 'load_from', 'log_level', 'prepare_commands',
    'randomness', 'resume', 'runner_type', 'sync_bn', 'work_dir',
)  # fmt: skip

DATALOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
KNOWN_TOP_LEVEL = {*TOP_LEVEL_SLOTS, *DATALOADERS, *FREE_TOP_LEVEL}

DATALOADER_SLOTS = {
    'dataset': Slot(reg.DATASETS),
    'sampler': Slot(reg.DATA_SAMPLERS),
    'batch_sampler': Slot(reg.DATA_SAMPLERS),
    'collate_fn': Slot(reg.FUNCTIONS),
    'worker_init_fn': Slot(reg.FUNCTIONS),
}

# Of `init_cfg`: what all initializers of MMEngine take, and what our networks do (`InitCfg`).
INIT_EXTRA = ('override', 'allow', 'drop', 'sha256', 'source')
# Arguments of components that are components themselves, by the names that our classes use.
NESTED_SLOTS = {
    **dict.fromkeys(('dataset', 'datasets', 'labeled', 'unlabeled'), Slot(reg.DATASETS)),
    **dict.fromkeys(('pipeline', 'transforms'), Slot(reg.TRANSFORMS)),
    **dict.fromkeys(('student', 'teacher', 'recognizer'), Slot(reg.MODELS)),
    **dict.fromkeys(('backbone', 'audio_backbone', 'video_backbone'), Slot(reg.BACKBONES)),
    **dict.fromkeys(
        ('loss', 'mix_loss', 'contrast', 'consistency', 'instance', 'group'), Slot(reg.LOSSES)
    ),
    **dict.fromkeys(('alignment', 'intra_contrast', 'clustering'), Slot(reg.LOSSES)),
    **dict.fromkeys(('projection', 'video_projection', 'audio_projection'), Slot(reg.HEADS)),
    'data_preprocessor': Slot(reg.MODELS, 'AVDataPreprocessor'),
    'fusion': Slot(reg.FUSIONS),
    **dict.fromkeys(('head', 'audio_head'), Slot(reg.HEADS)),
    'mixer': Slot(reg.MIXERS),
    'masker': Slot(reg.MASKERS),
    'localizer': Slot(reg.LOCALIZERS),
    'threshold': Slot(reg.THRESHOLDS),
    'init_cfg': Slot(reg.WEIGHT_INITIALIZERS, None, INIT_EXTRA),
    'optimizer': Slot(reg.OPTIMIZERS),
    'metrics': Slot(reg.METRICS),
    'vis_backends': Slot(reg.VISBACKENDS),
}
