from mmavssl.engine.hooks.bad_samples import BadSamplesHook
from mmavssl.engine.hooks.compile import CompileHook
from mmavssl.engine.hooks.deferred_info import DeferredInfoHook
from mmavssl.engine.hooks.ema_teacher import EMATeacherHook
from mmavssl.engine.hooks.epoch_boundary import EpochBoundaryHook
from mmavssl.engine.hooks.global_batch import GlobalBatchHook
from mmavssl.engine.hooks.localizer_input import LocalizerInputHook
from mmavssl.engine.hooks.loss_weight_ramp import LossWeightRampHook
from mmavssl.engine.hooks.non_finite_guard import NonFiniteGuardHook
from mmavssl.engine.hooks.plain_checkpoint import PlainCheckpointHook
from mmavssl.engine.hooks.preemption import PreemptionHook
from mmavssl.engine.hooks.progress_bar import ProgressBarHook
from mmavssl.engine.hooks.safe_checkpoint import SafeCheckpointHook
from mmavssl.engine.hooks.ssl_visualization import SSLVisualizationHook
from mmavssl.engine.hooks.step_seed import StepSeedHook
from mmavssl.engine.hooks.threshold_update import ThresholdUpdateHook

__all__ = [
    'BadSamplesHook',
    'CompileHook',
    'DeferredInfoHook',
    'EMATeacherHook',
    'EpochBoundaryHook',
    'GlobalBatchHook',
    'LocalizerInputHook',
    'LossWeightRampHook',
    'NonFiniteGuardHook',
    'PlainCheckpointHook',
    'PreemptionHook',
    'ProgressBarHook',
    'SSLVisualizationHook',
    'SafeCheckpointHook',
    'StepSeedHook',
    'ThresholdUpdateHook',
]
