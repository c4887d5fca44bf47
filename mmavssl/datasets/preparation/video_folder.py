"""How the lists of a data set reach the videos."""

import os
from pathlib import Path

from mmavssl.utils.errors import ConfigError

#: Name of the link to the videos, before the suffix of a recipe.
LINK = 'videos'


def path_prefix(raw_dir: Path, out_dir: Path, link: str, absolute: bool = False) -> str:
    """Return what goes before the paths of videos, so that they are relative to ``out_dir``.

    Videos that are not below ``out_dir`` get a link there.

    Args:
        raw_dir: folder of the videos.
        out_dir: folder of the lists.
        link: name of the link.
        absolute: make no link; paths in the lists are absolute.

    Returns:
        A path with slashes and a slash at its end, or nothing.

    Raises:
        ConfigError: the link cannot be made, or something else has its name.
    """
    target, root = raw_dir.resolve(), out_dir.resolve()
    if absolute:
        return f'{target.as_posix()}/'
    if target == root:
        return ''
    if target.is_relative_to(root):
        return f'{target.relative_to(root).as_posix()}/'
    place = out_dir / link
    if place.is_symlink() or place.exists():
        if place.resolve() != target:
            raise ConfigError(
                f'{place} is not a link to {target}. Remove it, choose another OUT_DIR, or write '
                'absolute paths by `--absolute`.'
            )
        return f'{link}/'
    try:
        os.symlink(target, place, target_is_directory=True)
    except OSError as error:
        raise ConfigError(
            f'{place} cannot be made a link to {target}: {error.strerror}. Write absolute paths '
            'by `--absolute`, or move the videos below OUT_DIR.'
        ) from error
    return f'{link}/'
