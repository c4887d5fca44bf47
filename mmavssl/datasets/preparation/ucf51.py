"""UCF-51: the classes of UCF-101 whose files have sound."""

import csv
import re
from collections import Counter
from functools import cached_property
from pathlib import PurePosixPath

from mmavssl.datasets.preparation.file_tree import FileTree
from mmavssl.datasets.preparation.recipe import (
    LISTS,
    Clip,
    Findings,
    Recipe,
    Reference,
    Rejection,
    shipped_classes,
)

NAME = re.compile(r'v_(?P<name>\w+)_g(?P<group>\d+)_c\d+', re.IGNORECASE)
# UCF-101's split 1 by recordings; testlist01.txt and trainlist01.txt follow this rule.
LAST_TEST_GROUP = 7
LAST_GROUP = 25


class UCF51(Recipe):
    """Part and class by the names of the files, wherever they are: ``v_Archery_g07_c02.avi``.

    The class is read regardless of case: the folder is ``HandstandPushups``, and its files are
    ``v_HandStandPushups_...``.
    """

    name = 'UCF-51'
    layouts = 'files `v_<class>_g<group>_c<clip>.avi`, in class folders or in one'
    references = (
        Reference('the paper', '4.9K', '1.4K'),
        Reference("UCF-101's split 1", '4,901', '1,944'),
    )

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The 51 names, as UCF-101's ``classInd.txt`` spells them."""
        return shipped_classes('ucf51')

    def find(self, tree: FileTree) -> Findings:
        """Tell part and class of the files."""
        by_name = {name.lower(): name for name in self.classes}
        found = Findings()
        for path in tree.videos:
            stem = PurePosixPath(path).stem
            match = NAME.fullmatch(stem)
            if match is None or not 1 <= int(match['group']) <= LAST_GROUP:
                detail = 'expected a name of UCF-101, v_<class>_g<01 to 25>_c<clip>'
                found.rejected.append(Rejection(path, 'unknown clip', detail))
                continue
            class_name = by_name.get(match['name'].lower())
            if class_name is None:
                found.others['of other classes of UCF-101'] += 1
                continue
            part = 'test' if int(match['group']) <= LAST_TEST_GROUP else 'train'
            found.clips.append(Clip(path, part, class_name, stem.lower()))
        return found

    def notes(self, counts: dict[str, Counter[str]]) -> list[str]:
        """Say what is left open, and which classes lack files."""
        notes = [
            'The paper says 1.4K test clips; split 1 has 1,944 for these classes, and it does not '
            'say which were left out (docs/datasets.md). We keep all.'
        ]
        with (LISTS / 'ucf51_class_counts.csv').open() as file:
            official = list(csv.DictReader(file))
        for part in self.parts:
            lacking = [
                f'{row["class"]} {counts[part][row["class"]]} of {row[part]}'
                for row in official
                if counts[part][row['class']] != int(row[part])
            ]
            if lacking:
                notes.append(f'Other numbers of {part} clips than in split 1: {_some(lacking)}.')
        return notes


def _some(names: list[str], most: int = 8) -> str:
    more = f', and {len(names) - most} more classes' if len(names) > most else ''
    return ', '.join(names[:most]) + more
