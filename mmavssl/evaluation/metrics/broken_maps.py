"""Localization maps that cannot be scored."""

import logging
from collections.abc import Sequence

from mmengine.logging import print_log


def warn_of_broken(broken: Sequence[bool]) -> None:
    """Say in the log how many of the maps are not finite, if any."""
    if count := sum(map(bool, broken)):
        print_log(
            f'{count} of {len(broken)} localization maps were not finite (NaN or infinite) and '
            'count as misses.',
            logger='current',
            level=logging.WARNING,
        )
