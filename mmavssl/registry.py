"""Every registry of mmavssl on one page.

MMEngine's registries get a child of scope ``mmavssl`` each, so that its Runner finds our classes.
The typed registries below them are roots of their own (MMEngine allows one child per scope), so a
config that puts a masker where a localizer belongs fails when it is built, not when it runs.

A plugin registers with ``@LOCALIZERS.register_module()`` and is named in ``custom_imports``.
"""

from mmengine.registry import DATA_SAMPLERS as MMENGINE_DATA_SAMPLERS
from mmengine.registry import DATASETS as MMENGINE_DATASETS
from mmengine.registry import EVALUATOR as MMENGINE_EVALUATOR
from mmengine.registry import FUNCTIONS as MMENGINE_FUNCTIONS
from mmengine.registry import HOOKS as MMENGINE_HOOKS
from mmengine.registry import INFERENCERS as MMENGINE_INFERENCERS
from mmengine.registry import LOG_PROCESSORS as MMENGINE_LOG_PROCESSORS
from mmengine.registry import LOOPS as MMENGINE_LOOPS
from mmengine.registry import METRICS as MMENGINE_METRICS
from mmengine.registry import MODEL_WRAPPERS as MMENGINE_MODEL_WRAPPERS
from mmengine.registry import MODELS as MMENGINE_MODELS
from mmengine.registry import OPTIM_WRAPPER_CONSTRUCTORS as MMENGINE_OPTIM_WRAPPER_CONSTRUCTORS
from mmengine.registry import OPTIM_WRAPPERS as MMENGINE_OPTIM_WRAPPERS
from mmengine.registry import OPTIMIZERS as MMENGINE_OPTIMIZERS
from mmengine.registry import PARAM_SCHEDULERS as MMENGINE_PARAM_SCHEDULERS
from mmengine.registry import RUNNER_CONSTRUCTORS as MMENGINE_RUNNER_CONSTRUCTORS
from mmengine.registry import RUNNERS as MMENGINE_RUNNERS
from mmengine.registry import TASK_UTILS as MMENGINE_TASK_UTILS
from mmengine.registry import TRANSFORMS as MMENGINE_TRANSFORMS
from mmengine.registry import VISBACKENDS as MMENGINE_VISBACKENDS
from mmengine.registry import VISUALIZERS as MMENGINE_VISUALIZERS
from mmengine.registry import WEIGHT_INITIALIZERS as MMENGINE_WEIGHT_INITIALIZERS
from mmengine.registry import Registry

from mmavssl.utils.components import build_component


def _child(parent: Registry, *locations: str, **kwargs) -> Registry:
    return Registry(
        parent.name, parent=parent, scope='mmavssl', locations=list(locations), **kwargs
    )


def _typed(name: str, location: str) -> Registry:
    return Registry(name, build_func=build_component, scope='mmavssl', locations=[location])


# What the Runner builds. SSL_ALGORITHMS and MODELS are one registry: the Runner looks for its
# ``model`` in MODELS, and data preprocessors and recognizers live there as well.
MODELS = _child(MMENGINE_MODELS, 'mmavssl.models', build_func=build_component)
SSL_ALGORITHMS = MODELS

# Components of an algorithm, one registry per kind.
BACKBONES = _typed('backbone', 'mmavssl.models.backbones')
FUSIONS = _typed('fusion', 'mmavssl.models.fusions')
HEADS = _typed('head', 'mmavssl.models.heads')
LOSSES = _typed('loss', 'mmavssl.models.losses')
MASKERS = _typed('masker', 'mmavssl.models.maskers')
MIXERS = _typed('mixer', 'mmavssl.models.mixers')
LOCALIZERS = _typed('localizer', 'mmavssl.models.localizers')
THRESHOLDS = _typed('threshold', 'mmavssl.models.thresholds')
TYPED_REGISTRIES = (
    BACKBONES, FUSIONS, HEADS, LOSSES, MASKERS, MIXERS, LOCALIZERS, THRESHOLDS,
)  # fmt: skip

# Data.
DATASETS = _child(MMENGINE_DATASETS, 'mmavssl.datasets', build_func=build_component)
DATA_SAMPLERS = _child(MMENGINE_DATA_SAMPLERS, 'mmavssl.datasets')
TRANSFORMS = _child(MMENGINE_TRANSFORMS, 'mmavssl.datasets.transforms', build_func=build_component)
FUNCTIONS = _child(MMENGINE_FUNCTIONS, 'mmavssl.datasets')

# Engine, evaluation, visualization.
HOOKS = _child(MMENGINE_HOOKS, 'mmavssl.engine', 'mmavssl.parallel')
LOOPS = _child(MMENGINE_LOOPS, 'mmavssl.engine')
OPTIM_WRAPPER_CONSTRUCTORS = _child(MMENGINE_OPTIM_WRAPPER_CONSTRUCTORS, 'mmavssl.engine')
METRICS = _child(MMENGINE_METRICS, 'mmavssl.evaluation')
VISUALIZERS = _child(MMENGINE_VISUALIZERS, 'mmavssl.visualization')
VISBACKENDS = _child(MMENGINE_VISBACKENDS, 'mmavssl.visualization')

#: Those whose components are told apart in messages.
COMPONENT_REGISTRIES = (*TYPED_REGISTRIES, MODELS, DATASETS, TRANSFORMS, HOOKS, METRICS)

# Kinds in which we register nothing yet; the Runner looks for a child of every kind and warns
# where there is none.
RUNNERS = _child(MMENGINE_RUNNERS, 'mmavssl.engine')
RUNNER_CONSTRUCTORS = _child(MMENGINE_RUNNER_CONSTRUCTORS, 'mmavssl.engine')
LOG_PROCESSORS = _child(MMENGINE_LOG_PROCESSORS, 'mmavssl.engine')
OPTIMIZERS = _child(MMENGINE_OPTIMIZERS, 'mmavssl.engine', 'mmavssl.parallel')
OPTIM_WRAPPERS = _child(MMENGINE_OPTIM_WRAPPERS, 'mmavssl.engine')
PARAM_SCHEDULERS = _child(MMENGINE_PARAM_SCHEDULERS, 'mmavssl.engine')
EVALUATOR = _child(MMENGINE_EVALUATOR, 'mmavssl.evaluation')
INFERENCERS = _child(MMENGINE_INFERENCERS, 'mmavssl.apis')
MODEL_WRAPPERS = _child(MMENGINE_MODEL_WRAPPERS, 'mmavssl.parallel')
WEIGHT_INITIALIZERS = _child(MMENGINE_WEIGHT_INITIALIZERS, 'mmavssl.models')
TASK_UTILS = _child(MMENGINE_TASK_UTILS, 'mmavssl.models')
