"""Costs of all configs of a folder, as tables, and beside the figures that a paper gives."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from mmavssl.utils.configs import load_config
from mmavssl.utils.cost import CONVENTIONS, Cost, CostEstimator
from mmavssl.utils.errors import ConfigError
from mmavssl.utils.markdown import markdown_table
from mmavssl.utils.progress import progress_bar

MEGA = 1e6
FIGURES = ('gmacs_forward', 'gmacs_iteration')
#: Entry under a model's ``Metadata`` in a metafile: the paper's figures.
PUBLISHED = 'Paper Table 2'
COST_HEADER = (
    'config', 'parameters (M)', 'trainable (M)', 'forward (G)', 'iteration (G)',
    'forward, all (G)', 'iteration, all (G)',
)  # fmt: skip
PUBLISHED_HEADER = ('config', 'parameters (M)', 'paper', 'iteration (G)', 'paper')


def cost_rows(folder: Path, progress: bool = False) -> list[dict[str, Any]]:
    """Return the cost of each config of a folder by both conventions, in the order of paths.

    Args:
        folder: the configs; those under ``_base_`` are parts and have no row.
        progress: show a bar.

    Returns:
        Rows with ``config`` (path in the folder), ``params_total``, ``params_trainable``,
        ``params_localizer``, for each convention ``gmacs_forward`` and ``gmacs_iteration``, and
        ``published``: ``params_m`` and ``gmacs_iteration`` of the paper, or None.

    Raises:
        ConfigError: a config that cannot be counted; the message names it.
    """
    estimators = {convention: CostEstimator(convention) for convention in CONVENTIONS}
    published = published_costs(folder)
    paths = [path for path in sorted(folder.rglob('*.py')) if not is_part(path, folder)]
    rows = []
    with progress_bar('Counting', len(paths), shown=progress) as advance:
        for path in paths:
            name = path.relative_to(folder).as_posix()
            cfg = load_config(str(path))
            try:
                costs = {kind: estimator.cost(cfg) for kind, estimator in estimators.items()}
            except ConfigError as error:
                raise ConfigError(f'{path}: {error}') from None
            rows.append(cost_row(name, costs, published.get(name)))
            advance()
    return rows


def is_part(path: Path, folder: Path) -> bool:
    """Whether a config is one that others are based on."""
    return path.relative_to(folder).parts[0] == '_base_'


def cost_row(name: str, costs: dict[str, Cost], published: dict | None) -> dict[str, Any]:
    """Return the figures of one config.

    Args:
        name: of the config.
        costs: by convention.
        published: the paper's figures.
    """
    cost = costs['paper']
    return {
        'config': name,
        'params_total': cost.params_total,
        'params_trainable': cost.params_trainable,
        'params_localizer': cost.params_localizer,
        **{
            convention: {figure: round(getattr(cost, figure), 6) for figure in FIGURES}
            for convention, cost in costs.items()
        },
        'published': published,
    }


def published_costs(folder: Path) -> dict[str, dict[str, float]]:
    """Return the paper's ``params_m`` and ``gmacs_iteration`` by config, from the metafiles."""
    published = {}
    for metafile in sorted(folder.glob('*/metafile.yml')):
        for model in yaml.safe_load(metafile.read_text())['Models']:
            figures = model['Metadata'].get(PUBLISHED)
            if figures is not None:
                name = model['Config'].removeprefix('configs/')
                published[name] = {
                    'params_m': figures['Parameters (M)'],
                    'gmacs_iteration': figures['GMACs per iteration'],
                }
    return published


def published_table(rows: Sequence[dict[str, Any]]) -> str:
    """Return those configs whose cost a paper gives, beside its figures, the cheapest first."""
    known = [row for row in rows if row['published']]
    known.sort(key=lambda row: row['published']['gmacs_iteration'])
    return markdown_table(
        PUBLISHED_HEADER,
        [
            (
                f'`{row["config"]}`',
                f'{row["params_total"] / MEGA:.3f}',
                f'{row["published"]["params_m"]}',
                f'{row["paper"]["gmacs_iteration"]:.3f}',
                f'{row["published"]["gmacs_iteration"]}',
            )
            for row in known
        ],
    )


def cost_table(rows: Sequence[dict[str, Any]]) -> str:
    """Return all configs as a table."""
    cells = []
    for row in rows:
        figures = [row['params_total'] / MEGA, row['params_trainable'] / MEGA]
        figures += [row[convention][figure] for convention in CONVENTIONS for figure in FIGURES]
        cells.append((f'`{row["config"]}`', *(f'{figure:.3f}' for figure in figures)))
    return markdown_table(COST_HEADER, cells)
