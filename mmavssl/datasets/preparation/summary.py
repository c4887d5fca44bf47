"""What a preparation found, in numbers."""

from collections import Counter
from collections.abc import Mapping, Sequence

from mmavssl.datasets.preparation.probe import Probe
from mmavssl.datasets.preparation.recipe import Clip, Findings, Recipe, Rejection
from mmavssl.version import __version__

#: Of fewer test clips of a class, each is more than a fifth of its accuracy.
FEW = 5
NAMED = 10


def summarize(
    recipe: Recipe,
    found: Findings,
    kept: Sequence[Clip],
    rejected: Sequence[Rejection],
    probes: Mapping[str, Probe],
) -> dict:
    """Return the numbers as a dict of plain values.

    Args:
        recipe: of the data set.
        found: all of its clips.
        kept: those that can be used.
        rejected: files that are left out.
        probes: what is in the files.
    """
    kept_by_class = _by_class(recipe, kept)
    reasons = sorted({row.reason for row in rejected})
    return {
        'name': recipe.name,
        'parts': list(recipe.parts),
        'found': _by_part(recipe, found.clips),
        'rejected': {
            reason: _by_part(recipe, [row for row in rejected if row.reason == reason], True)
            for reason in reasons
        },
        'kept': _by_part(recipe, kept),
        'missing': _by_part(recipe, found.missing),
        'references': [reference._asdict() for reference in recipe.references],
        'fewest_of_a_class': {
            part: min(counts.values(), default=0) for part, counts in kept_by_class.items()
        },
        'per_class': {
            part: dict(counts) for part, counts in kept_by_class.items() if recipe.classes
        },
        'not_of_the_data_set': dict(found.others),
        'hours': round(sum(_seconds(clip, probes) for clip in kept) / 3600, 3),
        'damaged_in_part': sum(
            bool(probes[clip.path].faults or probes[clip.sound_path].faults) for clip in kept
        ),
        'notes': [*found.notes, *recipe.notes(_by_class(recipe, found.clips))],
        'warnings': _warnings(recipe, kept_by_class),
        'mmavssl': __version__,
    }


def format_summary(summary: dict) -> str:
    """Return the numbers as text."""
    parts = summary['parts']
    rows = [('found', summary['found'])]
    rows += [(f'rejected: {reason}', counts) for reason, counts in summary['rejected'].items()]
    rows.append(('kept', summary['kept']))
    rows += [(row['source'], row) for row in summary['references']]
    if any(summary['missing'].values()):
        rows.append(('listed, but no file (missing.csv)', summary['missing']))
    if summary['per_class'] and len(parts) > 1:
        rows.append(('fewest of a class, kept', summary['fewest_of_a_class']))
    width = max(len(name) for name, _ in rows) + 2
    columns = [*parts, '?'] if any('?' in counts for _, counts in rows) else parts
    lines = [f'{summary["name"]:{width}}' + ''.join(f'{name:>10}' for name in columns)]
    for name, counts in rows:
        cells = (counts.get(column, '') for column in columns)
        lines.append(f'{name:{width}}' + ''.join(f'{_number(cell):>10}' for cell in cells))
    lines.append(f'{_duration(summary["hours"])} are kept.')
    if summary['damaged_in_part']:
        lines.append(f'{summary["damaged_in_part"]:,} kept clips are damaged in part.')
    lines += [f'{n:,} files {what} are left out.' for what, n in _others(summary)]
    lines += summary['notes']
    lines += [f'WARNING: {text}' for text in summary['warnings']]
    return '\n'.join(lines)


def _seconds(clip: Clip, probes: Mapping[str, Probe]) -> float:
    if clip.audio_path is None:
        return probes[clip.path].duration
    return probes[clip.audio_path].audio_duration


def _duration(hours: float) -> str:
    """Tell a duration in hours, or of a small data set in minutes.

    >>> _duration(1.04), _duration(0.12)
    ('1.0 hours', '7.2 minutes')
    """
    return f'{hours:.1f} hours' if hours >= 1 else f'{60 * hours:.1f} minutes'


def _others(summary: dict) -> list[tuple[str, int]]:
    return list(summary['not_of_the_data_set'].items())


def _number(cell: int | str) -> str:
    return f'{cell:,}' if isinstance(cell, int) else cell


def _by_part(recipe: Recipe, rows: Sequence, unknown: bool = False) -> dict[str, int]:
    """Count by part; files whose part is not known stand under '?'."""
    counts = Counter(row.part for row in rows)
    known = {part: counts[part] for part in recipe.parts}
    return {**known, '?': counts['']} if unknown and counts[''] else known


def _by_class(recipe: Recipe, clips: Sequence[Clip]) -> dict[str, Counter[str]]:
    counts = {part: Counter(dict.fromkeys(recipe.classes, 0)) for part in recipe.parts}
    for clip in clips:
        counts[clip.part][clip.class_name] += 1
    return counts


def _warnings(recipe: Recipe, kept: Mapping[str, Counter[str]]) -> list[str]:
    warnings = []
    names = recipe.classes or (None,)  # a data set without classes counts under None
    for part, counts in kept.items():
        without = [name for name in names if not counts[name]]
        if without and len(without) == len(names):
            warnings.append(f'no {part} clip is left at all')
        elif without:
            listed = _listed([repr(name) for name in without])
            warnings.append(f'no {part} clip is left of {len(without)} classes: {listed}')
    tested = kept.get('test', Counter())
    few = [f'{name!r} ({tested[name]})' for name in recipe.classes if 0 < tested[name] < FEW]
    if few:
        warnings.append(
            f'fewer than {FEW} test clips of {len(few)} classes: {_listed(few)}. Accuracy by '
            'class says little of them'
        )
    return warnings


def _listed(names: Sequence[str]) -> str:
    more = f' and {len(names) - NAMED} more' if len(names) > NAMED else ''
    return ', '.join(names[:NAMED]) + more
