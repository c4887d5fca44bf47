"""Count the clips that a data set skips, over all of its worker processes."""

import logging

import torch
from mmengine.logging import print_log


class SkipLog:
    """Which clips of a list were skipped, known to every process that loads them.

    Workers are copies of the data set, and those that do not persist are made anew in each epoch.
    The marks lie in memory that they share, so a clip is counted and logged once in a run (of each
    rank), whichever worker meets it. A copy of the data set within a process counts for itself.

    Args:
        size: number of clips.
    """

    def __init__(self, size: int) -> None:
        self.marks = torch.zeros(size, dtype=torch.bool).share_memory_()

    def __len__(self) -> int:
        return int(self.marks.sum())

    def __deepcopy__(self, memo: dict) -> 'SkipLog':
        return SkipLog(len(self.marks))

    def add(self, index: int, path: str) -> None:
        """Count a clip and, the first time, name it in the log.

        Args:
            index: of the clip in the list.
            path: of its file.
        """
        if self.marks[index]:
            return
        self.marks[index] = True
        print_log(
            f'{path} is skipped by the policy of its pipeline, and another clip takes its place '
            f'({len(self)} of {len(self.marks)} clips so far).',
            logger='current',
            level=logging.WARNING,
        )
