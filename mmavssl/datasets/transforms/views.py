"""Several views of one open file."""

from mmcv.transforms import BaseTransform

from mmavssl.registry import TRANSFORMS
from mmavssl.utils.errors import ConfigError


@TRANSFORMS.register_module()
class MultiView(BaseTransform):
    """Run a branch of transforms per view on a shallow copy of the sample.

    The file stays open for all of them; transforms replace arrays and never write into them. Adds
    ``views``: name -> results of the branch.

    Args:
        branches: lists of transforms by name, e.g. ``weak=[...], strong=[...]``.

    Raises:
        ConfigError: no branch.
    """

    def __init__(self, **branches: list[dict]) -> None:
        if not branches:
            raise ConfigError('MultiView needs at least one view, e.g. weak=[...].')
        self.branches = {
            name: [TRANSFORMS.build(transform) for transform in transforms]
            for name, transforms in branches.items()
        }

    def transform(self, results: dict) -> dict | None:
        """Make the views, or return None where a branch skips the sample."""
        views = {}
        for name, transforms in self.branches.items():
            view = dict(results)
            for transform in transforms:
                view = transform(view)
                if view is None:
                    return None
            views[name] = view
        results['views'] = views
        return results
