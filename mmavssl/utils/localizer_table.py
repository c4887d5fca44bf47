"""The table of what benchmarks/localizers.py has measured."""

FIGURES = {
    'ciou': 'ap50',
    'auc': 'auc',
    'pointing': 'pointing',
    'mask_precision': 'mask_precision',
}
TITLES = ('cIoU@0.5', 'AUC', 'pointing', 'mask precision')


def table(result: dict) -> str:
    """Return a table of means and deviations in Markdown."""
    lines = []
    for setting in ('easy', 'hard'):
        lines += [
            f'| {setting} | ' + ' | '.join(TITLES) + ' |',
            '|---' * (len(FIGURES) + 1) + '|',
        ]
        for name, figures in result[setting].items():
            spread = figures['std'] or dict.fromkeys(FIGURES, 0.0)
            cells = [
                f'{figures[key]:.1f} ± {spread[key]:.1f}' if key in figures else ''
                for key in FIGURES
            ]
            lines.append(f'| {name} | ' + ' | '.join(cells) + ' |')
        lines.append('')
    return '\n'.join(lines).strip()
