"""Import the plugins that a config names, once the command line has changed it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from traceback import walk_tb

from mmengine.config import Config
from mmengine.utils import import_modules_from_strings

from mmavssl.registry import COMPONENT_REGISTRIES
from mmavssl.utils.errors import ConfigError

KEYS = {'imports', 'allow_failed_imports'}


def import_plugins(cfg: Config) -> None:
    """Import the modules of ``custom_imports``, which register their components.

    Args:
        cfg: complete; modules that stand alone become ``imports``, as MMEngine reads them.

    Raises:
        ConfigError: a module that does not import or register, or something else than modules.
        Exception: whatever else a plugin raises: its author needs the traceback.
    """
    named = cfg.get('custom_imports')
    if not named:
        return
    if not isinstance(named, Mapping):
        cfg.custom_imports = named = {'imports': named}
    modules = imported_modules(cfg)
    if set(named) - KEYS or not isinstance(modules, list) or not all(map(_fits, modules)):
        raise ConfigError(
            "custom_imports: expected names of modules, such as dict(imports=['my_plugin']), but "
            f'got {dict(named)}.'
        )
    for registry in COMPONENT_REGISTRIES:  # names of ours are taken before a plugin takes them
        registry.import_from_location()
    try:
        import_modules_from_strings(modules, bool(named.get('allow_failed_imports')))
    except ImportError as error:
        raise ConfigError(
            f'{cfg.filename or "The config"}: a module of `custom_imports` does not import: '
            f'{_failure(error, modules)}'
        ) from error
    except (TypeError, KeyError) as error:
        refusal = _refusal(error)
        if refusal is None:
            raise
        raise ConfigError(f'{_place(error, modules)}: {refusal}') from error


def imported_modules(cfg: Mapping) -> Sequence:
    """Return what a config has as names of modules to import."""
    modules = (cfg.get('custom_imports') or {}).get('imports') or []
    return [modules] if isinstance(modules, str) else modules


def _fits(module: object) -> bool:
    return isinstance(module, str) and module[:1] not in ('', '.')


def _failure(error: ImportError, modules: Sequence[str]) -> str:
    """Say what is wrong and what to do about it."""
    cause = _first_cause(error)
    place = _place(cause, modules)
    if place:
        return f'{cause} ({place}). Install or correct what it imports there.'
    file = next((module for module in modules if module.endswith('.py')), None)
    if file:
        name = file.removesuffix('.py').replace('/', '.')
        return f'{file!r} is a file. Name its module, {name!r}.'
    if _is_here(getattr(cause, 'name', None) or ''):
        return f'{cause}. It is in this folder: put PYTHONPATH=. before the command.'
    return f'{cause}. PYTHONPATH must have the folder that holds it.'


def _is_here(module: str) -> bool:
    """Whether a module would be found if the folder one is in were on the path."""
    top = module.partition('.')[0]
    return bool(top) and (Path(top).is_dir() or Path(f'{top}.py').is_file())


def _refusal(error: TypeError | KeyError) -> str | None:
    """Return what MMEngine's ``register_module`` means, or None where it did not say it."""
    said = str(next(iter(error.args), ''))
    if said.startswith('name must be None, an instance of str'):
        return 'register_module lacks its parentheses. Write register_module().'
    if ' is already registered in ' in said:
        return f'{said}. Give the class another name.'
    return None


def _first_cause(error: BaseException) -> BaseException:
    """MMEngine wraps the error of a plugin; the innermost one says what is wrong."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__
    return error


def _place(error: BaseException, modules: Sequence[str]) -> str:
    """Return file and line of a plugin that failed while it was imported; '' before that."""
    packages = {module.partition('.')[0] for module in modules}
    places = [
        f'{frame.f_code.co_filename}:{line}'
        for frame, line in walk_tb(error.__traceback__)
        if frame.f_code.co_name == '<module>'
        and str(frame.f_globals.get('__name__')).partition('.')[0] in packages
    ]
    return places[-1] if places else ''
