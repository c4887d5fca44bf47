"""The paper's own accuracies, as the metafiles have them, beside what was measured here."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from mmavssl.apis.grid.records import Record
from mmavssl.apis.grid.tables import mean_and_std
from mmavssl.utils.configs import load_config
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.markdown import markdown_table
from mmavssl.utils.roles import ROLES

#: Entries under a model's ``Metadata`` in a metafile, by number of the paper's table.
TABLES = {'1': 'Paper Table 1', '2': 'Paper Table 2'}
FIGURE = 'Top-1 (%)'
#: Options of a run that choose seed and validations. Lists of clips are as harmless where they
#: differ by the seed.
HARMLESS = ('randomness.seed', 'train_cfg.val_')
HEADER = ('config', 'data', "the paper's own (%)", 'in its table', 'measured here (%)')


def published_accuracies(configs: Path) -> list[dict[str, Any]]:
    """Return the models whose accuracy a paper gives.

    Args:
        configs: folder of the configs.

    Returns:
        For each of them ``config``, ``data``, ``top1``, and ``tables``: the numbers of those that
        have it.

    Raises:
        ConfigError: two tables have different figures.
    """
    models = []
    for metafile in sorted(configs.glob('*/metafile.yml')):
        for model in yaml.safe_load(metafile.read_text())['Models']:
            metadata = model['Metadata']
            found = {
                number: metadata[key][FIGURE]
                for number, key in TABLES.items()
                if FIGURE in metadata.get(key, {})
            }
            if len(set(found.values())) > 1:
                raise ConfigError(
                    f'{metafile}: {model["Name"]} has two values of {FIGURE!r}: {found}.'
                )
            if found:
                models.append({
                    'config': model['Config'],
                    'data': metadata['Training Data'],
                    'top1': next(iter(found.values())),
                    'tables': [*found],
                })  # fmt: skip
    return models


def published_table(
    models: Sequence[dict[str, Any]], records: Sequence[Record], root: Path
) -> str:
    """Return a table of the paper's accuracies, and of those that were measured here.

    Args:
        models: see `published_accuracies`.
        records: results of all grids.
        root: of the repository.

    Raises:
        ConfigError: a config that cannot be read.
    """
    return markdown_table(
        HEADER,
        [
            (
                f'`{model["config"].removeprefix("configs/")}`',
                model['data'],
                f'{model["top1"]:.2f}',
                ', '.join(model['tables']),
                measured([each for each in records if each['config'] == model['config']], root),
            )
            for model in models
        ],
    )


def is_unchanged(record: Record, cfg: Mapping[str, Any]) -> bool:
    """Whether the options of a run have left the method as its config has it.

    Args:
        record: of the run.
        cfg: the config without them.
    """
    options = [*record['options'], *record['test_options']]
    pairs = [option.partition('=') for option in options]
    return all(is_harmless(key, value, cfg) for key, _, value in pairs)


def is_harmless(key: str, value: str, cfg: Mapping[str, Any]) -> bool:
    """Whether an option chooses the seed or the validations alone.

    >>> cfg = {'data': {'ann_file': '1shot_seed0/labeled.csv'}}
    >>> [is_harmless('data.ann_file', f'{n}shot_seed3/labeled.csv', cfg) for n in (1, 5)]
    [True, False]
    """
    if not key.endswith('.ann_file'):
        return key.startswith(HARMLESS)
    return without_seed(value) == without_seed(str(part_at(cfg, key)))


def without_seed(path: str) -> str:
    """Return the path of a list of clips, whichever seed has drawn them."""
    return re.sub(r'_seed\d+', '_seed', path)


def part_at(cfg: Any, key: str) -> Any:
    """Return what a config has under a key with dots, None if it has nothing there.

    >>> part_at({'a': [{'b': 1}]}, 'a.0.b'), part_at({'a': []}, 'a.0.b'), part_at({'a': 1}, 'b')
    (1, None, None)
    """
    for part in key.split('.'):
        try:
            cfg = cfg[int(part)] if isinstance(cfg, Sequence) else cfg[part]
        except (KeyError, IndexError, TypeError, ValueError):
            return None
    return cfg


def measured(records: Sequence[Record], root: Path) -> str:
    """Return the accuracies of both networks, nothing where there are no results.

    Args:
        records: of one config.
        root: of the repository.
    """
    if not records:
        return ''
    cfg = load_config(str(root / records[0]['config'])).to_dict()
    once = {record['seed']: record for record in records if is_unchanged(record, cfg)}.values()
    values = {
        network: [record[network]['last']['top1'] for record in once if record.get(network)]
        for network in ROLES
    }
    return ', '.join(f'{name} {mean_and_std(found)}' for name, found in values.items() if found)
