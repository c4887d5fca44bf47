"""Check that the quickstart learned: ASL-Mix beats chance and the supervised baseline."""

import json
import sys
from pathlib import Path

TIMES_CHANCE = 2.5
POINTS_OVER_SUPERVISED = 5.0


def faults(summary: dict) -> list[str]:
    """Return what falls short (accuracies in percent)."""
    teacher, supervised = summary['teacher_top1'], summary['supervised_top1']
    bounds = {
        f'{TIMES_CHANCE} x chance': TIMES_CHANCE * summary['chance'],
        f'supervised_top1 + {POINTS_OVER_SUPERVISED}': supervised + POINTS_OVER_SUPERVISED,
    }
    return [
        f'teacher_top1 {teacher:.1f} is below {name}, {bound:.1f}'
        for name, bound in bounds.items()
        if not teacher >= bound  # not a number is a fault, too
    ]


def main() -> int:
    """Print the figures and what is wrong with them; return 1 if something is."""
    path = Path(sys.argv[1])
    summary = json.loads(path.read_text())
    # The summary describes the machine, too, which is not a figure.
    figures = {name: value for name, value in summary.items() if isinstance(value, int | float)}
    print('; '.join(f'{name} {value:.1f}' for name, value in figures.items()))
    found = faults(summary)
    for fault in found:
        print(f'{path}: {fault}', file=sys.stderr)
    return int(bool(found))


if __name__ == '__main__':
    sys.exit(main())
