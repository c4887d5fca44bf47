"""Size, update and log the confidence threshold."""

from mmengine.hooks import Hook
from mmengine.hooks.hook import DATA_BATCH
from mmengine.runner import BaseLoop, Runner
from torch.utils.data import Dataset

from mmavssl.engine.runner_parts import algorithm_of
from mmavssl.models.thresholds.observe import observe
from mmavssl.registry import HOOKS
from mmavssl.utils.errors import ConfigError

THRESHOLD_CONTRACT = ('threshold', 'pending_threshold_update')


@HOOKS.register_module()
class ThresholdUpdateHook(Hook):
    """Let ``model.threshold`` see the predictions of all ranks once per iteration.

    Before training (and before a checkpoint is loaded) it tells the threshold how many unlabeled
    clips and classes there are. After each iteration it gathers what the algorithm left in
    ``pending_threshold_update``, the pair probabilities (U, C) and sample_idx (U,), and calls
    ``threshold.update``; every rank ends with the same state. Thresholds that update before they
    decide (``update_first``) are updated by the algorithm, which then leaves nothing. An iteration
    without predictions (supervised warm-up) changes nothing.

    Args:
        interval: iterations between logs of ``threshold.log_vars()``; keep it equal to that of
            ``LoggerHook``.

    Raises:
        ValueError: interval below 1.
    """

    priority = 'NORMAL'

    def __init__(self, interval: int = 10) -> None:
        if interval < 1:
            raise ValueError(f'Expected `interval` to be at least 1, but got {interval!r}.')
        self.interval = interval

    def before_run(self, runner: Runner) -> None:
        """Size the threshold's state; nothing to do where the runner only tests.

        Raises:
            ConfigError: no threshold, or a data set that does not fit it.
        """
        # `runner.train_loop` would build the training data of a run that only tests.
        if not isinstance(runner._train_loop, BaseLoop):
            return
        model = algorithm_of(runner)
        missing = [name for name in THRESHOLD_CONTRACT if not hasattr(model, name)]
        if missing:
            raise ConfigError(
                f'ThresholdUpdateHook needs a model with a threshold, but {type(model).__name__} '
                f'has no {", ".join(missing)}. Take the hook out of `custom_hooks`.'
            )
        dataset = runner.train_dataloader.dataset
        model.threshold.setup(*pool_sizes(dataset, model.threshold.needs_index))

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: DATA_BATCH = None,
        outputs: dict | None = None,
    ) -> None:
        """Update the threshold and, at intervals, log its state."""
        model = algorithm_of(runner)
        pending, model.pending_threshold_update = model.pending_threshold_update, None
        if pending is not None:
            observe(model.threshold, *pending)
        if self.every_n_inner_iters(batch_idx, self.interval) or self.end_of_epoch(
            runner.train_dataloader, batch_idx
        ):
            for name, value in model.threshold.log_vars().items():
                runner.message_hub.update_scalar(f'train/{name}', value)


def pool_sizes(dataset: Dataset, needs_index: bool) -> tuple[int, int]:
    """Return the number of unlabeled clips and of classes of a training set.

    Args:
        dataset: a `SemiSupervisedDataset`, or one with ``metainfo['classes']``.
        needs_index: whether the threshold keeps a state per unlabeled clip.

    Raises:
        ConfigError: no unlabeled pool although one is needed, or no class names.
    """
    unlabeled = getattr(dataset, 'unlabeled', None)
    if unlabeled is None and needs_index:
        raise ConfigError(
            'Expected `train_dataloader.dataset` to be a SemiSupervisedDataset: the threshold '
            'keeps a state for each clip of its `unlabeled` part. But got a '
            f'{type(dataset).__name__}.'
        )
    classes = getattr(dataset, 'metainfo', {}).get('classes')
    if not classes:
        raise ConfigError(
            f"Expected class names in `metainfo['classes']` of {type(dataset).__name__}, but "
            'there are none. Set `classes_file` in `train_dataloader.dataset`.'
        )
    return len(dataset if unlabeled is None else unlabeled), len(classes)
