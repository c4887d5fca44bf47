"""Checkpoints that survive a kill, a full disk and a power cut."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner

from mmavssl.engine.checkpoints.atomic_backend import NAME as ATOMIC
from mmavssl.engine.checkpoints.newest import LATEST, OWNER, owner_of
from mmavssl.engine.checkpoints.set_aside import set_aside
from mmavssl.registry import HOOKS
from mmavssl.utils.atomic_write import draft_of, write_atomically
from mmavssl.utils.errors import ConfigError

INTERIM = 'interim_ckpt'


def check_owner(folder: Path, work_dir: Path) -> None:
    """Raise if a folder of checkpoints outside the work dir is that of another run.

    MMEngine names it by the last part of the work dir, which runs of other methods may have, too.

    Raises:
        ConfigError: says whose it is.
    """
    if folder.absolute() == work_dir.absolute():
        return
    owner, note = owner_of(folder), folder / OWNER
    if owner not in (None, str(work_dir.absolute())):
        raise ConfigError(
            f'default_hooks.checkpoint.out_dir: {folder} has the checkpoints of the run in '
            f'{owner}. Choose another one; or, if that work dir was moved, remove {note}.'
        )
    note.write_text(f'{work_dir.absolute()}\n')


class LateRemoval:
    """A storage that only notes what is to be removed.

    Args:
        backend: MMEngine's storage; does everything else.
    """

    def __init__(self, backend: Any) -> None:
        self.backend = backend
        self.removals: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.backend, name)

    def remove(self, filepath: str) -> None:
        """Note a file."""
        self.removals.append(filepath)

    def carry_out(self, folder: str, keep: tuple[str | None, ...]) -> None:
        """Remove what was noted and is still there.

        Args:
            folder: of the run; files of another, from which it began, are left.
            keep: what is not removed.
        """
        for path in self.removals:
            is_own = os.path.dirname(path) == folder.rstrip('/')
            if is_own and path not in keep and self.backend.isfile(path):
                self.backend.remove(path)
        self.removals = []


@HOOKS.register_module()
class SafeCheckpointHook(CheckpointHook):
    """MMEngine's `CheckpointHook`, with checkpoints that are whole or not there.

    A file is written under another name, brought to the disk, and then gets its name; a JSON file
    beside it has its sha256 and iteration (`AtomicBackend`). Only when it is there does
    ``last_checkpoint`` name it, and only then are older ones removed, also those of ``save_best``.
    What cannot be written is an error that leaves everything as it was.

    Checkpoints within an epoch (``by_epoch=False``) are made at the next optimizer step, so that
    no accumulated gradient is lost; MMEngine's would lose it.

    Args:
        kwargs: of `CheckpointHook`. ``backend_args`` are for remote storages, which write a file
            as a whole themselves.

    Raises:
        ConfigError: ``file_client_args``, which MMEngine itself has given up, or names of files
            that do not end with ``.pth``.
    """

    def __init__(self, **kwargs: Any) -> None:
        if kwargs.get('file_client_args') is not None:
            raise ConfigError('SafeCheckpointHook takes `backend_args`, not `file_client_args`.')
        template = kwargs.get('filename_tmpl')
        if template is not None and not template.endswith('.pth'):
            raise ConfigError(
                f"Expected `filename_tmpl` to end with '.pth', by which --resume finds "
                f'checkpoints, but got {template!r}.'
            )
        super().__init__(**kwargs)
        self.is_due = False
        self.last_step = -1  # iterations that the last one has that was made here

    def before_train(self, runner: Runner) -> None:
        """Choose the storage, and remove drafts that a killed run left."""
        folder = self.out_dir or runner.work_dir
        if self.backend_args is None and '://' not in str(folder):
            self.backend_args = {'backend': ATOMIC}
        begins_elsewhere = not runner._resume or not self._has(runner._load_from, runner)
        if begins_elsewhere:  # what that run would have removed next is none of ours
            for name in ('keep_ckpt_ids', INTERIM):
                runner.message_hub.runtime_info.pop(name, None)
        super().before_train(runner)
        self.last_ckpt = runner.message_hub.runtime_info.get('last_ckpt')
        if self._is_local and is_main_process():
            Path(self.out_dir).mkdir(parents=True, exist_ok=True)
            for draft in Path(self.out_dir).glob(draft_of(Path('*.pth')).name):
                runner.logger.warning(f'Removing {draft}, which was not written to its end.')
                draft.unlink(missing_ok=True)
            check_owner(Path(self.out_dir), Path(runner.work_dir))
            if begins_elsewhere:
                set_aside(Path(self.out_dir), runner)

    def _has(self, checkpoint: str | None, runner: Runner) -> bool:
        """Whether a checkpoint is in the folder of this run."""
        if checkpoint is None or '://' in str(checkpoint):
            return True
        folder = Path(self.out_dir or runner.work_dir)
        if self.out_dir not in (None, runner.work_dir):
            folder /= Path(runner.work_dir).name
        here = Path(os.path.abspath(checkpoint)).parent  # as a work dir may be `../run`
        return here in (folder.absolute(), Path(runner.work_dir))

    @property
    def _is_local(self) -> bool:
        return (self.backend_args or {}).get('backend') == ATOMIC

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Save every ``interval`` iterations, after the optimizer step that follows."""
        if self.by_epoch:
            return
        is_last = self.save_last and self.is_last_train_iter(runner)
        if is_last or self.every_n_train_iters(runner, self.interval, self.save_begin):
            self.is_due = True
        if self.is_due and (is_last or runner.optim_wrapper.should_update()):
            self.is_due = False
            self._save_checkpoint(runner)

    def save_interim(self, runner: Runner, step: int) -> str:
        """Save out of turn, after an optimizer step; the next regular checkpoint takes its place.

        Args:
            runner: in ``after_train_iter``, or between epochs.
            step: iterations that were made.

        Returns:
            Path of the file; of the regular one, if that has just been made.
        """
        if step == self.last_step:
            return self.last_ckpt
        name = f'iter_{step}.pth'
        runner.message_hub.update_info(INTERIM, name)
        self._write(runner, name, dict(epoch=runner.epoch, iter=step), by_epoch=False)
        return self.last_ckpt

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict) -> None:
        """Save, then let ``last_checkpoint`` name the file, then remove what is too many."""
        with self._removing_later(runner) as removals:
            if self.max_keep_ckpts > 0 and step not in self.keep_ckpt_ids:
                if len(self.keep_ckpt_ids) == self.max_keep_ckpts:
                    outdated = self.filename_tmpl.format(self.keep_ckpt_ids.popleft())
                    removals.remove(self.file_backend.join_path(self.out_dir, outdated))
                self.keep_ckpt_ids.append(step)
                runner.message_hub.update_info('keep_ckpt_ids', list(self.keep_ckpt_ids))
            interim = runner.message_hub.pop_info(INTERIM)
            if interim:
                removals.remove(self.file_backend.join_path(self.out_dir, interim))
            self._write(runner, self.filename_tmpl.format(step), meta, self.by_epoch)

    def _save_best_checkpoint(self, runner: Runner, metrics: dict) -> None:
        """Save the best one before the one that was best is removed."""
        with self._removing_later(runner):
            self._tell_backend(dict(epoch=runner.epoch, iter=runner.iter))
            super()._save_best_checkpoint(runner, metrics)

    def _write(self, runner: Runner, name: str, meta: dict, by_epoch: bool) -> None:
        self.last_ckpt = self.file_backend.join_path(self.out_dir, name)
        runner.message_hub.update_info('last_ckpt', self.last_ckpt)
        self._tell_backend(meta)
        runner.save_checkpoint(
            self.out_dir,
            name,
            save_optimizer=self.save_optimizer,
            save_param_scheduler=self.save_param_scheduler,
            meta=dict(meta),
            by_epoch=by_epoch,
            backend_args=self.backend_args,
            **self.args,
        )
        self.last_step = meta['iter']
        if is_main_process():
            write_atomically(Path(runner.work_dir, LATEST), self.last_ckpt.encode())

    def _tell_backend(self, meta: dict) -> None:
        """Let the sidecar say when a checkpoint was made."""
        if self._is_local:
            self.backend_args = {'backend': ATOMIC, 'epoch': meta['epoch'], 'iter': meta['iter']}

    @contextmanager
    def _removing_later(self, runner: Runner) -> Iterator[LateRemoval]:
        """Remove files when all is written; in an error, nothing is removed."""
        if isinstance(self.file_backend, LateRemoval):  # the best one's, which saves this as well
            yield self.file_backend
            return
        removals = LateRemoval(self.file_backend)
        self.file_backend = removals
        try:
            yield removals
            if is_main_process():
                removals.carry_out(str(self.out_dir), keep=(self.last_ckpt,))
        finally:
            self.file_backend = removals.backend
