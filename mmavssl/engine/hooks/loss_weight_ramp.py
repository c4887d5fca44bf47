"""Let the weight of a loss grow in the first part of training."""

from mmengine.hooks import Hook
from mmengine.hooks.hook import DATA_BATCH
from mmengine.runner import Runner

from mmavssl.engine.runner_parts import algorithm_of
from mmavssl.registry import HOOKS
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.ranges import check_range


@HOOKS.register_module()
class LossWeightRampHook(Hook):
    """Grow one of ``model.loss_weights`` linearly from 0 to its value in the config.

    ``weight * min(iteration / (share * iterations), 1)``, as Mean Teacher and Pseudo-Label have
    it: at first, what the network says of unlabeled clips is noise. It follows from the iteration
    alone, so that a resumed run goes on with the weight that it had.

    Args:
        name: key of ``model.loss_weights``.
        share: of all iterations that it grows in, in (0, 1].

    Raises:
        ValueError: ``share`` out of its range.
    """

    priority = 'NORMAL'

    def __init__(self, name: str = 'unsup', share: float = 0.4) -> None:
        self.name = name
        self.share = check_range('share', share, above=0, high=1)

    def before_train(self, runner: Runner) -> None:
        """Keep the weight that the config says.

        Raises:
            ConfigError: the model has no such weight.
        """
        weights = getattr(algorithm_of(runner), 'loss_weights', {})
        if self.name not in weights:
            raise ConfigError(
                f'LossWeightRampHook: expected `name` to be among the loss weights of '
                f'{type(algorithm_of(runner)).__name__}, {sorted(weights)}, but got '
                f'{self.name!r}.'
            )
        self.full = weights[self.name]

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: DATA_BATCH = None
    ) -> None:
        """Set the weight of this iteration."""
        grown = min(runner.iter / (self.share * runner.max_iters), 1.0)
        algorithm_of(runner).loss_weights[self.name] = self.full * grown
