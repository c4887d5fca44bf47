"""Parameters and multiply-adds of what a config trains.

Two conventions. ``paper`` gives the figures of the paper's Table 2, which were counted module by
module: attention products are free; the fusion of the teacher is not seen (torch's fused encoder
layer, taken in eval mode, calls no module); the mix embeds both clips; and all tokens pass through
the last norm of the video encoder, though one is used. ``full`` counts each product of matrices
and each convolution that our own iteration computes.

Both count forward passes of one clip per view, and the localizer on one clip. What passes there
are is said by the algorithm's class (`RecognitionAlgorithm.training_passes`). Projections for
contrast, which no forward pass has, are less than a thousandth and left out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mmavssl.registry import MODELS
from mmavssl.utils.components import component_of
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.network_cost import NetworkCost, localizer_cost, recognizer_cost
from mmavssl.utils.passes import standard_passes

CONVENTIONS = ('paper', 'full')
GIGA = 1e9


@dataclass(frozen=True)
class Cost:
    """Parameters, and multiply-adds.

    Attributes:
        params_total: parameters of the student (or of the localizer, where that is trained).
        params_trainable: those of them that the optimizer changes.
        params_localizer: parameters of a frozen localizer.
        forward: multiply-adds of one clip by part of the network.
        iteration: multiply-adds of one training iteration by forward pass.
        doubt: why ``iteration`` may be wrong; '' where it is known.
    """

    params_total: int
    params_trainable: int
    params_localizer: int
    forward: dict[str, int]
    iteration: dict[str, int]
    doubt: str = ''

    @property
    def gmacs_forward(self) -> float:
        """Multiply-adds of one clip, in units of 1e9."""
        return sum(self.forward.values()) / GIGA

    @property
    def gmacs_iteration(self) -> float:
        """Multiply-adds of one iteration, in units of 1e9."""
        return sum(self.iteration.values()) / GIGA


class CostEstimator:
    """Counts parameters and multiply-adds of configs, each distinct network once.

    Args:
        convention: ``paper`` or ``full``.

    Raises:
        ConfigError: unknown convention.
    """

    def __init__(self, convention: str = 'paper') -> None:
        if convention not in CONVENTIONS:
            raise ConfigError(
                f'Expected `convention` to be one of {CONVENTIONS}, but got {convention!r}.'
            )
        self.convention = convention
        self._networks: dict[str, NetworkCost] = {}

    def cost(self, cfg: Mapping) -> Cost:
        """Return the cost of a config.

        Args:
            cfg: with ``model`` and ``input_size = dict(num_frames, size[, audio_frames,
                num_mel_bins])``. Checkpoints that it names are not needed.

        Raises:
            ConfigError: no ``input_size``, or neither student nor localizer.
        """
        model, size = without_init_cfg(cfg.get('model', {})), cfg.get('input_size', {})
        localizer = find_localizer(model)
        if 'student' in model:
            student = self._network(recognizer_cost, model['student'], size)
            passes = count_iteration(model, student, self.convention)
            frozen_params = 0
            if localizer is not None:
                frozen = self._network(localizer_cost, localizer, size)
                passes['localizer'], frozen_params = frozen.total(), frozen.params_total
            return replace(make_cost(student, passes, frozen_params), doubt=doubt_of(model))
        if localizer is None:
            raise ConfigError(
                'Expected `model` in the config to have a `student` or a `localizer`, but it has '
                f'{", ".join(model) or "nothing"}.'
            )
        trained = self._network(localizer_cost, localizer, size)
        one_frame = self._network(localizer_cost, localizer, {**size, 'num_frames': 1})
        return make_cost(trained, {'one frame and the sound': one_frame.total()})

    def _network(
        self, measure: Callable[..., NetworkCost], cfg: Mapping, size: Mapping
    ) -> NetworkCost:
        key = repr((measure.__name__, cfg, sorted(size.items())))
        if key not in self._networks:
            self._networks[key] = measure(cfg, size, self.convention)
        return self._networks[key]


def estimate_cost(cfg: Mapping, convention: str = 'paper') -> Cost:
    """Return the cost of one config, see `CostEstimator`."""
    return CostEstimator(convention).cost(cfg)


def make_cost(trained: NetworkCost, iteration: dict[str, int], params_localizer: int = 0) -> Cost:
    """Collect the figures.

    Args:
        trained: the network that is trained.
        iteration: multiply-adds of one iteration by forward pass.
        params_localizer: parameters of a frozen localizer beside it.
    """
    return Cost(
        params_total=trained.params_total,
        params_trainable=trained.params_trainable,
        params_localizer=params_localizer,
        forward=trained.by_part(),
        iteration=iteration,
    )


def count_iteration(model: Mapping, student: NetworkCost, convention: str) -> dict[str, int]:
    """Return the multiply-adds of the recognizer in one iteration, by forward pass.

    Args:
        model: config of the algorithm.
        student: cost of the recognizer on one clip.
        convention: ``paper`` or ``full``.

    Raises:
        ConfigError: there is no such algorithm.
    """
    passes = getattr(algorithm_of(model), 'training_passes', standard_passes)(model, convention)
    return {each.label: each.macs(student) for each in passes}


def algorithm_of(model: Mapping) -> type | None:
    """Return the class of an algorithm, None where its config names none.

    Raises:
        ConfigError: there is no such algorithm.
    """
    return component_of(model['type'], MODELS) if 'type' in model else None


def doubt_of(model: Mapping) -> str:
    """Say whose passes are counted, where the class that has the ``loss`` names none.

    One that is based on it may name them as well.

    Args:
        model: config of the algorithm.

    Raises:
        ConfigError: there is no such algorithm.
    """
    algorithm = algorithm_of(model)
    classes = getattr(algorithm, '__mro__', ())
    trained_by = next((each for each in classes if 'loss' in vars(each)), None)
    counted_by = next((each for each in classes if 'training_passes' in vars(each)), None)
    if trained_by is None or (counted_by is not None and issubclass(counted_by, trained_by)):
        return ''
    passes = getattr(counted_by, 'training_passes', standard_passes)(model, CONVENTIONS[0])
    is_standard = passes == standard_passes(model, CONVENTIONS[0])
    source = '`standard_passes`' if is_standard else f'{counted_by.__name__}.training_passes'
    return (
        f'passes as {source} counts them; {algorithm.__name__}, whose `loss` may have others, '
        'names none of its own (`training_passes`)'
    )


def without_init_cfg(cfg: Any) -> Any:
    """Return a copy of a config in which no component names weights to start from."""
    if isinstance(cfg, Mapping):
        return {key: without_init_cfg(value) for key, value in cfg.items() if key != 'init_cfg'}
    if isinstance(cfg, (list, tuple)):
        return type(cfg)(without_init_cfg(item) for item in cfg)
    return cfg


def find_localizer(cfg: Any) -> dict | None:
    """Return the first config under a key ``localizer``, at any depth."""
    if not isinstance(cfg, Mapping):
        return None
    if cfg.get('localizer'):
        return cfg['localizer']
    found = (find_localizer(value) for value in cfg.values())
    return next((localizer for localizer in found if localizer), None)
