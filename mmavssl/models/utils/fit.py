"""Does a state dict fit a network, and what may not fit?"""

from collections.abc import Collection, Sequence
from fnmatch import fnmatchcase

from torch import Tensor

from mmavssl.models.utils.report import Report
from mmavssl.utils.errors import ConfigError

StateDict = dict[str, Tensor]


class MisfitError(ConfigError):
    """Weights of another network; the message does not name the file yet."""


def settle(
    state: StateDict,
    target: StateDict,
    report: Report,
    allow: Sequence[str] = (),
    drop: Sequence[str] = (),
) -> StateDict:
    """Return what of ``state`` is to be loaded into ``target``.

    Args:
        state: tensors by the names of the network.
        target: those of the network; only names and shapes count.
        report: what it says is left at its initial value may be missing; gets what is allowed.
        allow: patterns of names, as a shell has them. A tensor that would not fit, but whose name
            matches, is left out.
        drop: patterns of names that are left out though they may fit.

    Raises:
        MisfitError: names what does not fit and is not allowed.
    """
    allowed = {name for name in {*state, *target} if is_allowed(name, (*allow, *drop))}
    fitting = {}
    for name, tensor in state.items():
        fits = name in target and tensor.shape == target[name].shape
        if name not in allowed or (fits and not is_allowed(name, drop)):
            fitting[name] = tensor
        else:
            report.drop(name)
    for name in target:
        if name in allowed and name not in fitting:
            report.leave(name)
    problem = describe_misfit(fitting, target, report.initial)
    if problem:
        raise MisfitError(
            f'{problem}. Take another file, or change the network; what you know to be right is '
            'let through by `allow` and the pattern of its name'
        )
    return fitting


def is_allowed(name: str, patterns: Sequence[str]) -> bool:
    """Whether a name matches one of the patterns, which are a shell's."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def describe_misfit(source: StateDict, target: StateDict, may_miss: Collection[str] = ()) -> str:
    """Return what of a state dict does not fit another, in one line; empty where all of it fits.

    Args:
        source: tensors that are there.
        target: tensors that are wanted; only their names and shapes count.
        may_miss: names that ``source`` need not have.
    """
    problems = {
        'unexpected': sorted(set(source) - set(target)),
        'missing': sorted(set(target) - set(source) - set(may_miss)),
        'of another shape': [
            f'{name} {tuple(source[name].shape)} instead of {tuple(target[name].shape)}'
            for name in sorted(set(source) & set(target))
            if source[name].shape != target[name].shape
        ],
    }
    return '; '.join(
        f'{what}: {", ".join(names[:5])}{f" and {len(names) - 5} more" if names[5:] else ""}'
        for what, names in problems.items()
        if names
    )
