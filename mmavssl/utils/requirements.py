"""What of the packages that mmavssl needs is missing, of another version, or broken."""

from __future__ import annotations

import importlib
import re
from importlib import metadata
from typing import TYPE_CHECKING, NamedTuple

from mmavssl.utils.progress import progress_bar

if TYPE_CHECKING:
    from packaging.requirements import Requirement

DISTRIBUTION = 'mmavssl'
#: Packages that serve as well, by the one that is asked for.
ALTERNATIVES = {
    'opencv-python': (
        'opencv-python-headless', 'opencv-contrib-python', 'opencv-contrib-python-headless',
    ),
    'mmcv-lite': ('mmcv',),
}  # fmt: skip
#: What is imported of a package, where that is not its name.
MODULES = {
    'opencv-python': 'cv2', 'mmcv-lite': 'mmcv', 'mmengine': 'mmengine.runner', 'pillow': 'PIL',
}  # fmt: skip
#: Extras for those who work on mmavssl itself.
FOR_DEVELOPERS = ('test', 'dev')
#: Remedies for packages that are there and do not import.
REMEDIES = {
    'opencv-python': 'pip uninstall -y opencv-python && pip install opencv-python-headless, which '
    'needs no graphical libraries',
    'torchaudio': 'install torch and torchaudio together, of the same version',
    'torchvision': 'install torch and torchvision together, as of the same release',
}


class Found(NamedTuple):
    """A package that is needed.

    Attributes:
        name: of it, or of the one that serves as well.
        version: that is installed; None: it is not.
        problem: what is wrong with it, and the remedy; '' if nothing is.
    """

    name: str
    version: str | None
    problem: str = ''


def check_needed() -> list[Found]:
    """Look for each package that mmavssl needs, and import it.

    Raises:
        PackageNotFoundError: mmavssl is not installed, or the package `packaging` is not.
    """
    found, requirements = [], needed()
    with progress_bar('Importing', len(requirements)) as advance:
        for requirement in requirements:
            found.append(check_package(requirement))
            advance()
    return found


def check_extras() -> dict[str, list[str]]:
    """Return what is missing for each extra.

    Raises:
        PackageNotFoundError: see `check_needed`.
    """
    extras = metadata.metadata(DISTRIBUTION).get_all('Provides-Extra') or []
    return {
        extra: [wanted(item) for item in needed(extra) if not fits(item)]
        for extra in extras
        if extra not in FOR_DEVELOPERS
    }


def needed(extra: str = '') -> list[Requirement]:
    """Return the requirements of mmavssl on this platform, or of one of its extras.

    Args:
        extra: its name.

    Raises:
        PackageNotFoundError: see `check_needed`.
    """
    try:
        from packaging.requirements import Requirement
    except ImportError as error:
        raise metadata.PackageNotFoundError('packaging') from error
    found = map(Requirement, metadata.requires(DISTRIBUTION) or [])
    if not extra:
        return [item for item in found if applies(item, '')]
    return [item for item in found if applies(item, extra) and not applies(item, '')]


def applies(requirement: Requirement, extra: str) -> bool:
    """Whether a requirement holds here, where that extra is asked for."""
    return requirement.marker is None or requirement.marker.evaluate({'extra': extra})


def wanted(requirement: Requirement) -> str:
    """Return what pip takes."""
    return f'{requirement.name}{requirement.specifier}'


def installed(name: str) -> tuple[str, str | None]:
    """Return the name and the version of what is installed; None where nothing is."""
    for candidate in (name, *ALTERNATIVES.get(name, ())):
        try:
            return candidate, metadata.version(candidate)
        except metadata.PackageNotFoundError:
            continue
    return name, None


def fits(requirement: Requirement) -> bool:
    """Whether a package is installed, in a version that will do."""
    _, version = installed(requirement.name)
    return version is not None and requirement.specifier.contains(version, prereleases=True)


def check_package(requirement: Requirement) -> Found:
    """Look for a package, compare its version, and import it."""
    name, version = installed(requirement.name)
    what = wanted(requirement)
    if version is None:
        return Found(name, None, f"{name} is missing: pip install '{what}'")
    if not fits(requirement):
        problem = f"{name} {version} is installed, but needed is {what}: pip install '{what}'"
        return Found(name, version, problem)
    reason = import_problem(MODULES.get(requirement.name, name))
    if not reason:
        return Found(name, version)
    remedy = REMEDIES.get(requirement.name, f"pip install --force-reinstall '{what}'")
    return Found(name, version, f'{name} {version} does not import ({reason}): {remedy}')


def import_problem(module: str) -> str:
    """Return why a module does not import, or ''."""
    try:
        importlib.import_module(module)
    except Exception as error:  # libraries of other packages fail in many ways
        return f'{type(error).__name__}: {" ".join(str(error).split())}'
    return ''


def plugins() -> dict[str, str]:
    """Return versions of the installed packages that need mmavssl, or are named after it."""
    found = {}
    for each in metadata.distributions():
        name = (each.metadata['Name'] or '').lower().replace('_', '-')
        needs = [re.split(r'[^\w.-]', line)[0].lower() for line in each.requires or []]
        if name != DISTRIBUTION and (name.startswith(f'{DISTRIBUTION}-') or DISTRIBUTION in needs):
            found[name] = each.version
    return found
