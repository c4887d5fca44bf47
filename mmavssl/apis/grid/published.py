"""The paper's own accuracies, as the metafiles have them, beside what was measured here."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from mmavssl.apis.grid.records import Record
from mmavssl.apis.grid.run_log import NETWORKS
from mmavssl.apis.grid.tables import mean_and_std
from mmavssl.utils.cost_table import markdown_table
from mmavssl.utils.errors import ConfigError

#: Entries under a model's ``Metadata`` in a metafile, by number of the paper's table.
TABLES = {'1': 'Paper Table 1', '2': 'Paper Table 2'}
FIGURE = 'Top-1 (%)'
#: Options of a run that choose seed and validations; lists of clips are as harmless.
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


def published_table(models: Sequence[dict[str, Any]], records: Sequence[Record]) -> str:
    """Return a table of the paper's accuracies, and of those that were measured here.

    Args:
        models: see `published_accuracies`.
        records: results of all grids.
    """
    return markdown_table(
        HEADER,
        [
            (
                f'`{model["config"].removeprefix("configs/")}`',
                model['data'],
                f'{model["top1"]:.2f}',
                ', '.join(model['tables']),
                measured([each for each in records if each['config'] == model['config']]),
            )
            for model in models
        ],
    )


def is_unchanged(record: Record) -> bool:
    """Whether the options of a run have left the method as its config has it."""
    options = [*record['options'], *record['test_options']]
    keys = [option.partition('=')[0] for option in options]
    return all(key.startswith(HARMLESS) or key.endswith('.ann_file') for key in keys)


def measured(records: Sequence[Record]) -> str:
    """Return the accuracies of both networks, nothing where there are no results."""
    once = {record['seed']: record for record in records if is_unchanged(record)}.values()
    values = {
        network: [record[network]['last']['top1'] for record in once if record.get(network)]
        for network in NETWORKS
    }
    return ', '.join(f'{name} {mean_and_std(found)}' for name, found in values.items() if found)
