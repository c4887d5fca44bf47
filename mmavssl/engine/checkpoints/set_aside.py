"""Keep the checkpoints of an earlier run apart from those of a new one in the same folder."""

from pathlib import Path

from mmengine.runner import Runner

from mmavssl.engine.checkpoints.newest import LATEST, holds_weights_alone
from mmavssl.engine.checkpoints.sidecar import Sidecar
from mmavssl.utils.errors import ConfigError


def set_aside(folder: Path, runner: Runner) -> None:
    """Move checkpoints with their facts into a folder of their own, where there are any.

    A new run would overwrite them one by one, and if it were stopped, ``--resume`` could take one
    of them for its own.

    Args:
        folder: of the checkpoints.
        runner: of the new run; its work dir has ``last_checkpoint``.

    Raises:
        ConfigError: the run begins with the weights of one of them.
    """
    files = [path for path in folder.glob('*.pth') if not holds_weights_alone(path)]
    start = runner._load_from
    if start is not None and Path(start).absolute() in [path.absolute() for path in files]:
        raise ConfigError(
            f'{start} is a checkpoint of an earlier run in the same folder, where a new run would '
            'write over it. Choose another --work-dir, or go on with that run by --resume.'
        )
    Path(runner.work_dir, LATEST).unlink(missing_ok=True)
    if not files:
        return
    place = folder / f'before_{runner.timestamp}'
    place.mkdir(exist_ok=True)
    for path in files:
        path.rename(place / path.name)
        if Sidecar.path_of(path).exists():
            Sidecar.path_of(path).rename(Sidecar.path_of(place / path.name))
    runner.logger.warning(
        f'{folder} has {len(files)} checkpoints of an earlier run, such as {files[0].name}: they '
        f'are in {place} now. (--resume would have gone on with that run.)'
    )
