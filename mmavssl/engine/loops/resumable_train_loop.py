"""Training by epochs that goes on at any iteration, and outlives its data workers."""

from collections.abc import Iterator
from typing import Any

from mmengine.runner import EpochBasedTrainLoop
from torch import nn

from mmavssl.engine.loops.patient_batches import PatientBatches
from mmavssl.registry import LOOPS

LAST_VALIDATED = 'last_validated_epoch'


class LeaveValidation(Exception):  # noqa: N818  (no error: a hook asks for it)
    """A hook breaks off a validation that is to be made good later."""


@LOOPS.register_module()
class ResumableTrainLoop(EpochBasedTrainLoop):
    """MMEngine's `EpochBasedTrainLoop` that repeats an uninterrupted run wherever it goes on.

    A run that was stopped within an epoch goes on with the batch that was next; nothing of the
    batches before is read. One that was stopped between the checkpoint of an epoch and the end of
    its validation validates first. Workers that die or hang are replaced (`PatientBatches`); in
    validation, which has its own loop, they are an error.

    Args:
        data_timeout: seconds to wait for a batch from the workers; 0: without end.
        max_restarts: how often workers may be replaced in an epoch.
        kwargs: of `EpochBasedTrainLoop`.

    Raises:
        ConfigError: a number below 0.
    """

    def __init__(
        self, *args: Any, data_timeout: float = 60, max_restarts: int = 3, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.batches = PatientBatches(self.dataloader, data_timeout, max_restarts)
        self.is_preempted = False

    def run(self) -> nn.Module:
        """Train; see `EpochBasedTrainLoop.run`."""
        self.runner.call_hook('before_train')
        if self._iter:
            self._tell_what_was_last()
        if self._epoch and self.start == 0:
            self._validate_if_due()
        while self._epoch < self._max_epochs and not self.stop_training and not self.is_preempted:
            self.run_epoch()
            if not self.is_preempted:
                self._validate_if_due()
        if not self.is_preempted:
            self.runner.call_hook('after_train')
        return self.runner.model

    @property
    def start(self) -> int:
        """Number of batches of this epoch that were made before."""
        return self._iter - self._epoch * len(self.dataloader)

    def run_epoch(self) -> None:
        """Make the batches of this epoch that are still to come."""
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        for index, batch in self._numbered_batches():
            self.run_iter(index, batch)
            if self.is_preempted:
                return
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1

    def _tell_what_was_last(self) -> None:
        """Let the hub have the last iteration and epoch, as where a run was not stopped.

        Until the next ones begin, that is what checkpoints have: those of a validation made good.
        """
        hub = self.runner.message_hub
        hub.update_info('iter', self._iter - 1)
        if self.start == 0:
            hub.update_info('epoch', self._epoch - 1)

    def preempt(self) -> None:
        """Leave training after this iteration; the run is not complete."""
        self.is_preempted = True

    def _numbered_batches(self) -> Iterator[tuple[int, Any]]:
        start = self.start
        return enumerate(self.batches.from_number(start), start)

    def _validate_if_due(self) -> None:
        """Validate after an epoch, unless that was done before this checkpoint was made."""
        self._decide_current_val_interval()
        if self.runner.val_loop is None or self._epoch < self.val_begin:
            return
        if self._epoch % self.val_interval and self._epoch != self._max_epochs:
            return
        hub = self.runner.message_hub
        if hub.runtime_info.get(LAST_VALIDATED) == self._epoch:
            return
        before = hub.runtime_info.get(LAST_VALIDATED)
        hub.update_info(LAST_VALIDATED, self._epoch)  # in the checkpoint of the best epoch, too
        try:
            with self.batches.waiting_for(self.runner.val_loop.dataloader):
                self.runner.val_loop.run()
        except LeaveValidation:
            hub.update_info(LAST_VALIDATED, before)
            self.runner.call_hook('leave_validation')
