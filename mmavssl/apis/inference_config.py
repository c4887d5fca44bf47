"""The config of a model that predicts: of a file, of the model index, or of its checkpoint."""

import copy
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from mmengine.config import Config
from mmengine.infer import BaseInferencer

from mmavssl.apis.checkpoint_config import config_in_checkpoint
from mmavssl.apis.tested_data import (
    classes_of_test_data,
    default_network,
    first_test_data,
    is_step,
    one_view_pipeline,
)
from mmavssl.datasets.transforms import OpenAVFile
from mmavssl.utils.components import did_you_mean
from mmavssl.utils.configs import load_config, parse_options
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.plugin_imports import import_plugins
from mmavssl.utils.roles import ROLES
from mmavssl.utils.safe_config import check_values
from mmavssl.utils.tested_network import has_choice, network_to_test, set_tested_network

VIEWS = ('full', 'fast')
CHECKPOINT_SUFFIXES = ('.pth', '.safetensors')
CONFIG_SUFFIXES = ('.py', '.json', '.yml', '.yaml')
#: Models that a message names, of those that a name may mean.
MAX_HINTS = 3


def inference_config(
    model: str | Path | Mapping | None,
    weights: str | None,
    options: Sequence[str] = (),
    safe: bool = False,
) -> Config:
    """Return the config of a model.

    Args:
        model: config, its path, the name of a model of the model index, or None: the config is
            read from the checkpoint.
        weights: the checkpoint.
        options: changes, ``KEY=VALUE`` as on the command line.
        safe: refuse a config file that is not data. A config in a checkpoint is never run.

    Raises:
        ConfigError: there is no such config, or it cannot be read.
    """
    if isinstance(model, Mapping | Config):
        cfg = copy.deepcopy(model) if isinstance(model, Config) else Config(dict(model))
    elif model is not None:
        if str(model).endswith(CHECKPOINT_SUFFIXES):
            raise ConfigError(
                f'{model} is a checkpoint, which has its config. Name it as the weights: '
                f'AVActionInferencer(weights={str(model)!r}), or `predict --weights {model}`.'
            )
        return load_config(config_path(str(model)), options, safe=safe)
    elif weights is None:
        raise ConfigError('Name a checkpoint (`weights`), which has its config, or both.')
    else:
        cfg = config_in_checkpoint(weights)
    cfg.merge_from_dict(parse_options(options, cfg))
    if safe:
        check_values(cfg.to_dict())
    import_plugins(cfg)
    return cfg


def config_path(name: str) -> str:
    """Return the path of a config that is named by it, or by the model index.

    Raises:
        ConfigError: there is no such model.
    """
    if name.endswith(CONFIG_SUFFIXES) or Path(name).exists():
        return name
    root = BaseInferencer._get_repo_or_mim_dir('mmavssl')
    models = {
        model['Name']: model['Config'] for model in BaseInferencer._get_models_from_metafile(root)
    }
    if name not in models:
        raise ConfigError(
            f'The model index has no {name!r}.{models_like(name, models)} Name a config file, or '
            'a model of configs/*/metafile.yml.'
        )
    return str(Path(root, models[name]))


def models_like(name: str, models: Collection[str]) -> str:
    """Return a hint at the models that a name is the beginning of, or at the nearest one.

    >>> models_like('mix_a', ['mix_b_1shot', 'mix_a_2shot', 'mix_a_1shot'])
    " Did you mean 'mix_a_1shot' or 'mix_a_2shot'?"
    """
    longer = sorted((model for model in models if model.startswith(name)), key=len)[:MAX_HINTS]
    if not longer:
        return did_you_mean(name, models)
    return f' Did you mean {" or ".join(map(repr, sorted(longer)))}?'


def choose_network(cfg: Config, use: str | None, weights: str | None = None) -> str:
    """Let the model predict with one network, and return which.

    Args:
        cfg: of the model; is changed.
        use: ``student`` or ``teacher``; None: the one that is first in the config's own test.
        weights: file of the weights, which may have one network alone.

    Raises:
        ConfigError: the model has no such network, or the file.
    """
    if use is not None and use not in ROLES:
        raise ConfigError(f'Expected `use` to be one of {ROLES}, but got {use!r}.')
    if not isinstance(cfg.get('model'), Mapping) or 'type' not in cfg.model:
        raise ConfigError(f'{cfg.filename or "The config"} has no `model` with a `type`.')
    use = network_to_test(cfg, use, weights)
    if use is None and not has_choice(cfg):
        return ROLES[0]
    network = use or default_network(cfg)
    set_tested_network(cfg, network)
    return network


def class_names_of_data(cfg: Config) -> tuple[str, ...] | None:
    """Return the class names of the test's data, None where their list is not on this disk.

    Raises:
        ConfigError: there are more or fewer than the model's head has.
    """
    head = (cfg.model.get('student') or {}).get('head') or {}
    names = classes_of_test_data(cfg, head['num_classes']) if 'num_classes' in head else None
    return names and tuple(names)


def test_pipeline(cfg: Config, views: str) -> list[dict]:
    """Return the transforms of the config's test clips.

    Args:
        cfg: with ``test_dataloader``.
        views: ``full``, as it is, or ``fast``: one clip from the middle, one crop.

    Raises:
        ConfigError: there is none that opens files as the shipped ones do, or unknown ``views``.
    """
    if views not in VIEWS:
        raise ConfigError(f'Expected `views` to be one of {VIEWS}, but got {views!r}.')
    steps = copy.deepcopy(list(first_test_data(cfg).get('pipeline', [])))
    if not steps or not is_step(steps[0], OpenAVFile):
        raise ConfigError(
            'Expected `test_dataloader.dataset.pipeline` to begin with OpenAVFile, as in '
            'configs/_base_/pipelines.'
        )
    return steps if views == 'full' else one_view_pipeline(steps)


test_pipeline.__test__ = False  # no test of pytest
