"""The table of what benchmarks/mix_evidence.py has measured."""

FIGURES = {
    'map_on_actor': 'map highest on its actor',
    'share': 'share of the first clip',
    'first': 'left of its actor',
    'second': "left of the other's",
    'first_gone': 'its actor gone',
    'second_gone': "the other's gone",
    'label_error': 'error of the label',
}


def table(result: dict) -> str:
    """Return a table for each setting, in Markdown; all figures are percent."""
    parts = []
    for setting, masks in result['settings'].items():
        lines = [
            f'| {setting} | ' + ' | '.join(FIGURES.values()) + ' |',
            '|---' * (len(FIGURES) + 1) + '|',
        ]
        for name, figures in masks.items():
            cells = ' | '.join(f'{figures[key]:.1f}' if key in figures else '' for key in FIGURES)
            lines.append(f'| {name} | {cells} |')
        parts.append('\n'.join(lines))
    return '\n\n'.join(parts)
