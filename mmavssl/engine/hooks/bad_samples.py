"""List the clips of a run that cannot be used."""

from pathlib import Path
from typing import Any

from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmavssl.registry import HOOKS

NAME = 'bad_samples'


@HOOKS.register_module()
class BadSamplesHook(Hook):
    """Write ``bad_samples.csv`` into the work dir, and the number of bad clips into the log.

    The data sets of the training loader count them (`AVDataset`, ``max_bad_samples``) and append
    them to the file, whichever worker meets them; it has a header and no row while all is well. A
    run that is resumed goes on with it. Ranks other than the first have ``bad_samples_rank1.csv``
    and so on, as appending is not atomic on network file systems.
    """

    def before_train(self, runner: Runner) -> None:
        """Tell the data sets where to list them, before workers start."""
        rank = get_rank()
        name = f'{NAME}_rank{rank}.csv' if rank else f'{NAME}.csv'
        for each in data_sets(runner.train_dataloader.dataset):
            each.report_bad_samples(Path(runner.work_dir, name), keep=runner._resume)

    def after_train_epoch(self, runner: Runner) -> None:
        """Log how many there are so far."""
        for each in data_sets(runner.train_dataloader.dataset):
            if len(each.bad):
                runner.logger.warning(
                    f'{len(each.bad)} of {len(each)} {each.source} clips cannot be used; '
                    f'`max_bad_samples` allows {each.bad.limit}. See {each.bad.report}.'
                )


def data_sets(dataset: Any) -> list[Any]:
    """Return the data sets that count their bad clips, out of those that hold others."""
    if hasattr(dataset, 'report_bad_samples'):
        return [dataset]
    parts = [getattr(dataset, name, None) for name in ('labeled', 'unlabeled', 'dataset')]
    parts += getattr(dataset, 'datasets', None) or []
    return [found for part in parts if part is not None for found in data_sets(part)]
