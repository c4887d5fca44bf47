"""Import the plugins that a config names, once the command line has changed it."""

from collections.abc import Mapping

from mmengine.config import Config
from mmengine.utils import import_modules_from_strings

from mmavssl.utils.errors import ConfigError

KEYS = {'imports', 'allow_failed_imports'}


def import_plugins(cfg: Config) -> None:
    """Import the modules of ``custom_imports``, which register their components.

    Args:
        cfg: complete; modules that stand alone become ``imports``, as MMEngine reads them.

    Raises:
        ConfigError: a module that does not import, or something else than modules.
        Exception: whatever else a plugin raises: its author needs the traceback.
    """
    named = cfg.get('custom_imports')
    if not named:
        return
    if not isinstance(named, Mapping):
        cfg.custom_imports = named = {'imports': named}
    modules = named.get('imports') or []
    modules = [modules] if isinstance(modules, str) else modules
    if set(named) - KEYS or not isinstance(modules, list) or not all(map(_fits, modules)):
        raise ConfigError(
            "custom_imports: expected names of modules, such as dict(imports=['my_plugin']), but "
            f'got {dict(named)}.'
        )
    try:
        import_modules_from_strings(modules, bool(named.get('allow_failed_imports')))
    except ImportError as error:
        raise ConfigError(
            f'{cfg.filename or "The config"}: a module of `custom_imports` does not import: '
            f'{_first_cause(error)}. PYTHONPATH must have the folder that holds it.'
        ) from error


def _fits(module: object) -> bool:
    return isinstance(module, str) and module[:1] not in ('', '.')


def _first_cause(error: BaseException) -> BaseException:
    """MMEngine wraps the error of a plugin; the innermost one says what is wrong."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__
    return error
