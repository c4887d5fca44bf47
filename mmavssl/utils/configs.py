"""Read a config for the command-line tools."""

from argparse import ArgumentParser, Namespace
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config, DictAction

from mmavssl.utils.argument_types import short
from mmavssl.utils.components import accepted_arguments, did_you_mean
from mmavssl.utils.config_files import find_config, reading_failure
from mmavssl.utils.config_slots import KNOWN_TOP_LEVEL
from mmavssl.utils.dataset_configs import dataset_class, dataset_configs
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.package_bases import bases_of_the_package
from mmavssl.utils.plugin_imports import import_plugins
from mmavssl.utils.safe_config import check_files_are_data, check_values
from mmavssl.utils.top_level_check import check_top_level


def load_config(
    path: str,
    options: Sequence[str] = (),
    work_dir: str | None = None,
    launcher: str = 'none',
    safe: bool = False,
) -> Config:
    """Read a config file and apply changes to it.

    Args:
        path: config file, or the name of one that comes with the package (`find_config`).
        options: ``KEY=VALUE`` as on the command line, values in MMEngine's syntax.
        work_dir: folder of logs and checkpoints; default: the config's ``work_dir``, or
            ``work_dirs/<folder of the config>/<its name>``, as methods share config names.
        launcher: how the processes were started.
        safe: refuse a config that is not data. Otherwise the file, which is Python, is run.

    Raises:
        ConfigError: no such file, one that cannot be read, a plugin that does not import, an
            option without effect, or what ``safe`` refuses.
    """
    path = find_config(path)
    file = Path(path)
    with bases_of_the_package():
        cfg = _read_data(path) if safe else run_program(path)
    cfg.merge_from_dict(parse_options(options, cfg))
    cfg.setdefault('default_scope', 'mmavssl')
    if safe:
        check_values(cfg.to_dict())  # before anything is looked up in a registry
    check_top_level(cfg)
    import_plugins(cfg)
    cfg.launcher = launcher
    if 'data_preprocessor' in cfg and isinstance(cfg.get('model'), Mapping):
        # As the Runner has it; tools without one build the model alone.
        cfg.model.setdefault('data_preprocessor', cfg.data_preprocessor)
    default_dir = f'work_dirs/{file.resolve().parent.name}/{file.stem}'
    cfg.work_dir = work_dir or cfg.get('work_dir') or default_dir
    _seed_training_data(cfg)
    return cfg


def run_program(path: str) -> Config:
    """Run a Python config that is a program of its own, such as a grid; never one of a stranger.

    Raises:
        ConfigError: names the file, and the line, at which the program fails.
    """
    try:
        return Config.fromfile(path, import_custom_modules=False)  # options may name others
    except ConfigError as error:
        raise ConfigError(f'{path}: {error}') from None
    except Exception as error:  # a config is a program, and may fail in any way
        raise reading_failure(path, error) from error


def _read_data(path: str) -> Config:
    check_files_are_data(path)
    try:
        return Config.fromfile(
            path,
            import_custom_modules=False,
            use_environment_variables=False,
            lazy_import=False,
        )
    except Exception as error:  # of many kinds, as a base may lack what the file changes
        raise ConfigError(f'{path}: {type(error).__name__}: {error}') from error


def _seed_training_data(cfg: Config) -> None:
    """Give the run's seed to its training data, as MMEngine does with the sampler."""
    seed = (cfg.get('randomness') or {}).get('seed')
    if seed is None:
        return
    for _, dataset in dataset_configs(cfg.get('train_dataloader'), 'train_dataloader'):
        target = dataset_class(dataset)
        if callable(target) and 'seed' in (accepted_arguments(target) or ()):
            dataset.setdefault('seed', seed)


def parse_options(options: Sequence[str], cfg: Config) -> dict[str, Any]:
    """Return what changes of the command line set, by key.

    Args:
        options: ``KEY=VALUE``, values in MMEngine's syntax.
        cfg: that they are for; is not changed.

    Raises:
        ConfigError: no such pair, or a key that nothing reads after the config file.
    """
    wrong = next((option for option in options if '=' not in option), None)
    if wrong is not None:
        raise ConfigError(f'Expected --cfg-options KEY=VALUE, but got {wrong!r}.')
    parsed: dict[str, Any] = {}
    for option in options:
        parsed.update(_parse_option(option))
    for key in parsed:
        _check_effect(key, cfg)
        _check_place(key, cfg, parsed)
    return parsed


def _parse_option(option: str) -> dict[str, Any]:
    """Return the key and the value that MMEngine reads, whose parser fails at most brackets."""
    result = Namespace(options=None)
    try:
        DictAction(['--cfg-options'], 'options')(ArgumentParser(), result, [option])
    except (AssertionError, RecursionError, ValueError, SyntaxError) as error:
        key, _, value = option.partition('=')
        raise ConfigError(
            f'--cfg-options {key}: {value} cannot be read. Expected a word, a number, or a list '
            'of these, such as [0.9,0.95]; dicts and lists of dicts are written in a config file.'
        ) from error
    return result.options


def _check_effect(key: str, cfg: Config) -> None:
    """A config file has used its variables when it is read: changing one later does nothing."""
    name = key.partition('.')[0]
    if name in KNOWN_TOP_LEVEL:
        return
    places = [path for path in _paths_to(name, cfg.to_dict()) if path != name]
    advice = f' Set {" and ".join(places)}.' if places else did_you_mean(name, KNOWN_TOP_LEVEL)
    raise ConfigError(
        f'--cfg-options {key}: nothing reads `{name}` after the config file.{advice}'
    )


def _check_place(key: str, cfg: Config, options: Collection[str]) -> None:
    """MMEngine's own errors do not tell which part of a key leads nowhere, or are tracebacks."""
    value, path = cfg.to_dict(), ''
    for part in key.split('.'):
        if f'{path}._delete_' in options:  # what is there is replaced
            return
        if isinstance(value, Mapping):
            if part not in value:
                return
            value = value[part]
        elif not isinstance(value, list):
            raise ConfigError(
                f'--cfg-options {key}: `{path}` is {short(value)}, which has no keys. Set it as a '
                f'whole, or add {path}._delete_=True to replace it.'
            )
        elif part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            numbers = f'from 0 to {len(value) - 1}' if value else '(but it is empty)'
            raise ConfigError(
                f'--cfg-options {key}: `{path}` is a list, so that after it comes a number '
                f'{numbers}, not {part!r}. A list of plain values is set as a whole by '
                f'{path}=[...].'
            )
        path = f'{path}.{part}' if path else part


def _paths_to(name: str, value: Any, path: str = '') -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, child in value.items():
            here = f'{path}.{key}' if path else key
            if key == name:
                yield here
            yield from _paths_to(name, child, here)
