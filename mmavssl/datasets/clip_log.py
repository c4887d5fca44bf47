"""Count what happens to the clips of a data set, over all of its worker processes."""

import logging

import torch
from mmengine.logging import print_log


class ClipLog:
    """Which clips of a list something happened to, known to every process that loads them.

    Workers are copies of the data set, and those that do not persist are made anew in each epoch.
    The marks lie in memory that they share, so a clip is counted and logged once in a run (of each
    rank), whichever worker meets it. A copy of the data set within a process counts for itself.

    Args:
        size: number of clips.
    """

    def __init__(self, size: int) -> None:
        self.marks = torch.zeros(size, dtype=torch.bool).share_memory_()

    def __len__(self) -> int:
        return int(torch.count_nonzero(self.marks))  # 25 times as fast as `sum`

    def __deepcopy__(self, memo: dict) -> 'ClipLog':
        return ClipLog(len(self.marks))

    def add(self, index: int, message: str) -> None:
        """Count a clip and, the first time, log what happened to it.

        Args:
            index: of the clip in the list.
            message: names the file; the number of clips so far is put behind it.
        """
        if self.marks[index]:
            return
        self.marks[index] = True
        print_log(
            f'{message} ({len(self)} of {len(self.marks)} clips so far).',
            logger='current',
            level=logging.WARNING,
        )
