"""``_base_ = 'mmavssl::asl_mix/ucf51_1shot.py'``: a config of ours as the base of one anywhere."""

from collections.abc import Iterator
from contextlib import contextmanager

from mmengine.config import Config
from mmengine.config.utils import MODULE2PACKAGE

from mmavssl.utils.commands import shipped, shipped_configs
from mmavssl.utils.components import did_you_mean
from mmavssl.utils.errors import ConfigError

PREFIX = 'mmavssl::'
# For programs that read configs by MMEngine alone, such as `mmengine.hub.get_config`.
MODULE2PACKAGE.setdefault('mmavssl', 'mmavssl')


def package_base(name: str) -> str:
    """Return the path of a config that comes with the package.

    Args:
        name: with `PREFIX`, as a ``_base_`` or a command has it; parts in ``configs/_base_`` as
            well.

    Raises:
        ConfigError: there is none; names the nearest one.
    """
    path = shipped('configs') / name.removeprefix(PREFIX)
    if not path.is_file():
        hint = did_you_mean(name, [f'{PREFIX}{other}' for other in shipped_configs()])
        raise ConfigError(
            f'{name} does not exist: there is no such file in {shipped("configs")}.'
            f'{hint or " Correct it."}'
        )
    return str(path)


@contextmanager
def bases_of_the_package() -> Iterator[None]:
    """Let MMEngine read these bases as it reads files beside a config.

    By its own way to configs of packages, it would find those of a built wheel alone, and would
    mark each component with a scope, which its Runner hands on to functions that take none:
    ``collate_fn`` and ``worker_init_fn``.
    """
    path_of = Config._get_cfg_path

    def path_and_scope(name: str, filename: str) -> tuple[str, str | None]:
        if name.startswith(PREFIX):
            return package_base(name), None
        scope, colons, _ = name.partition('::')
        if colons and scope not in MODULE2PACKAGE:
            raise ConfigError(
                f'`_base_` names {name!r}, but there is no package {scope!r} with configs.'
                f'{did_you_mean(scope, MODULE2PACKAGE) or " Correct it."}'
            )
        return path_of(name, filename)

    Config._get_cfg_path = staticmethod(path_and_scope)
    try:
        yield
    finally:
        Config._get_cfg_path = staticmethod(path_of)
