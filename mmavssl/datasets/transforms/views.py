"""Several views of one open file."""

from collections.abc import Callable
from difflib import get_close_matches
from itertools import takewhile

from mmcv.transforms import BaseTransform

from mmavssl.registry import TRANSFORMS
from mmavssl.utils.errors import ConfigError

#: Names by which our algorithms ask for views.
VIEWS = ('weak', 'strong')


@TRANSFORMS.register_module()
class MultiView(BaseTransform):
    """Run a branch of transforms per view on a shallow copy of the sample.

    The file stays open for all of them; transforms replace arrays and never write into them.
    Transforms at the head of the branches that only choose what to load (``only_chooses``, as of
    `SampleClip`) run first for all views, so that one pass over the file decodes all of them. Adds
    ``views``: name -> results of the branch.

    Views draw their random numbers one after the other: weak, strong, then others by name. The
    order of the keys does not count, as it is another one in the copy of the config that a run
    leaves, where MMEngine sorts them.

    Args:
        branches: lists of transforms by name, e.g. ``weak=[...], strong=[...]``.

    Raises:
        ConfigError: no branch, or the misspelt name of a view.
    """

    def __init__(self, **branches: list[dict]) -> None:
        if not branches:
            raise ConfigError('MultiView needs at least one view, e.g. weak=[...].')
        for name in branches:
            check_spelling(name)
        built = {
            name: [TRANSFORMS.build(transform) for transform in branches[name]]
            for name in sorted(branches, key=rank_of)
        }
        self.choosers = {name: list(takewhile(only_chooses, built[name])) for name in built}
        self.branches = {name: built[name][len(self.choosers[name]) :] for name in built}

    def transform(self, results: dict) -> dict | None:
        """Make the views, or return None where a branch skips the sample."""
        views = {name: dict(results) for name in self.branches}
        for stage in (self.choosers, self.branches):
            for name, transforms in stage.items():
                views[name] = run(transforms, views[name])
                if views[name] is None:
                    return None
        results['views'] = views
        return results


def rank_of(name: str) -> tuple[int, str]:
    """Return by what views are ordered."""
    return (VIEWS.index(name) if name in VIEWS else len(VIEWS), name)


def check_spelling(name: str) -> None:
    """Raise a ConfigError if a view has nearly the name of one that the algorithms ask for."""
    nearest = get_close_matches(name.lower(), VIEWS, n=1, cutoff=0.7)
    if name not in VIEWS and nearest and name.rstrip('0123456789_') not in VIEWS:
        raise ConfigError(
            f'MultiView: no algorithm asks for a view {name!r}. Did you mean {nearest[0]!r}? '
            'Choose a name less alike if it is one of your own.'
        )


def only_chooses(transform: Callable[[dict], dict | None]) -> bool:
    """Return whether a transform says that it loads nothing."""
    return getattr(transform, 'only_chooses', False)


def run(transforms: list[Callable[[dict], dict | None]], results: dict) -> dict | None:
    """Run transforms one after another, until one skips the sample."""
    for transform in transforms:
        results = transform(results)
        if results is None:
            return None
    return results
