"""Check what quickstart promises: ASL-Mix is well above chance and above supervised training."""

import argparse
import json
from pathlib import Path

MIN_TIMES_CHANCE = 2.5
MIN_POINTS_ABOVE_SUPERVISED = 5.0


def main() -> None:
    """Read the summary and stop with status 1 where it falls short."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('summary', type=Path)
    summary = json.loads(parser.parse_args().summary.read_text())
    best = max(summary['student_top1'], summary['teacher_top1'])
    floors = {
        f'{MIN_TIMES_CHANCE} x chance': MIN_TIMES_CHANCE * summary['chance'],
        f'supervised + {MIN_POINTS_ABOVE_SUPERVISED} points': summary['supervised_top1']
        + MIN_POINTS_ABOVE_SUPERVISED,
    }
    short = [f'{name} ({floor:.1f} %)' for name, floor in floors.items() if best < floor]
    if short:
        raise SystemExit(f'ASL-Mix reached {best:.1f} %, less than {" and ".join(short)}.')
    print(f'ASL-Mix reached {best:.1f} %, enough: {summary}')


if __name__ == '__main__':
    main()
