"""The table of what benchmarks/localizers.py has measured."""

from mmavssl.utils.markdown import markdown_table

FIGURES = {
    'ciou': 'ap50',
    'auc': 'auc',
    'pointing': 'pointing',
    'mask_precision': 'mask_precision',
}
TITLES = ('cIoU@0.5', 'AUC', 'pointing', 'mask precision')


def table(result: dict) -> str:
    """Return a table of means and deviations in Markdown, for each setting."""
    return '\n\n'.join(
        markdown_table(
            (setting, *TITLES),
            [(name, *cells_of(figures)) for name, figures in result[setting].items()],
            aligned=False,
        )
        for setting in ('easy', 'hard')
    )


def cells_of(figures: dict) -> list[str]:
    """Return the cells of a row; what was not scored has none."""
    spread = figures['std'] or dict.fromkeys(FIGURES, 0.0)
    return [f'{figures[key]:.1f} ± {spread[key]:.1f}' if key in figures else '' for key in FIGURES]
