"""Keep the checkpoints of an earlier run apart from those of a new one in the same folder."""

from pathlib import Path

from mmengine.runner import Runner

from mmavssl.engine.checkpoints.newest import LATEST
from mmavssl.engine.checkpoints.sidecar import Sidecar


def set_aside(folder: Path, runner: Runner) -> None:
    """Move checkpoints with their facts into a folder of their own, where there are any.

    A new run would overwrite them one by one, and if it were stopped, ``--resume`` could take one
    of them for its own.

    Args:
        folder: of the checkpoints.
        runner: of the new run; its work dir has ``last_checkpoint``.
    """
    files = [path for path in folder.glob('*.pth') if Sidecar.path_of(path).exists()]
    if not files:
        return
    place = folder / f'before_{runner.timestamp}'
    place.mkdir(exist_ok=True)
    for path in files:
        path.rename(place / path.name)
        Sidecar.path_of(path).rename(Sidecar.path_of(place / path.name))
    Path(runner.work_dir, LATEST).unlink(missing_ok=True)
    runner.logger.warning(
        f'{folder} has {len(files)} checkpoints of an earlier run, such as {files[0].name}: they '
        f'are in {place} now. (--resume would have gone on with that run.)'
    )
