"""The tables of what benchmarks/mix_evidence.py has measured."""

from typing import Any

from mmavssl.utils.markdown import markdown_table

FIGURES = {
    'map_on_actor': 'map highest on its actor',
    'share': 'share of the first clip',
    'first': 'left of its actor',
    'second': "left of the other's",
    'first_gone': 'its actor gone',
    'second_gone': "the other's gone",
    'label_error': 'error of the label',
}
#: Which mixes a table is of, and what its heading says of them beside the setting.
PARTS = {
    'masks': '',
    'first_sounds': ', first clip sounds',
    'first_is_silent': ', first clip silent',
}


def table(result: dict[str, Any]) -> str:
    """Return the tables of each setting and what they are from, in Markdown; all are percent."""
    parts = []
    for name, setting in result['settings'].items():
        for key in PARTS:
            if key in setting:
                parts.append(part_table(f'{name}{PARTS[key]}', setting[key]))
        parts.append(provenance(setting))
    return '\n\n'.join(parts)


def part_table(title: str, masks: dict[str, dict[str, float]]) -> str:
    """Return a table with a row for each kind of mask."""
    rows = [
        (name, *(f'{figures[key]:.1f}' if key in figures else '' for key in FIGURES))
        for name, figures in masks.items()
    ]
    return markdown_table((title, *FIGURES.values()), rows, aligned=False)


def provenance(setting: dict[str, Any]) -> str:
    """Return what the figures of a setting are of, and where they were measured."""
    machine = setting['machine']
    return (
        f'{setting["num_clips"]} clips of `{setting["data"]}` (`{setting["data_sha256"]}`), '
        f'{setting["repeats"]} mixes of each, seed {setting["seed"]}; FNAC is '
        f'`{setting["localizer"]}` (`{setting["localizer_sha256"]}`). Measured on '
        f'{machine["processor"]}, {machine["cores"]} cores; commit {machine["commit"]}.'
    )
