"""Our own checkpoints: a recognizer, alone or as the student or teacher of an algorithm."""

from collections.abc import Collection

from mmavssl.models.utils.fit import MisfitError
from mmavssl.models.utils.layouts.layout import Layout
from mmavssl.models.utils.layouts.rule import renamed_layer

PARTS = ('backbone', 'audio_backbone')


def is_recognizer(names: Collection[str]) -> bool:
    """Whether names are those of a recognizer or of an algorithm with recognizers."""
    starts = tuple(f'{network}{part}.' for network in ('', 'student.') for part in PARTS)
    return any(name.startswith(starts) for name in names)


def recognizer_layout(
    names: Collection[str], part: str, network: str = 'student', with_head: bool = False
) -> Layout:
    """Return the layout of one backbone of a recognizer.

    Args:
        names: those in the file; none to write one.
        part: ``backbone`` or ``audio_backbone``.
        network: ``student`` or ``teacher``; without meaning where there is one recognizer alone.
        with_head: whether the head is wanted as well.

    Raises:
        MisfitError: the file lacks the network or the part.
    """
    owner = f'{network}.'
    if names and not any(name.startswith(owner) for name in names):
        if any(name.startswith('student.') for name in names):
            raise MisfitError(f'it has a student and no {network}')
        owner = ''
    prefix = f'{owner}{part}.'
    if names and not any(name.startswith(prefix) for name in names):
        raise MisfitError(f'it is a recognizer without `{part}`')
    head = f'{owner}head.fc'
    rules = renamed_layer('head', head) if with_head else ()
    wanted = {name for rule in rules for name in rule.theirs}
    groups = {
        _group(name, owner): None
        for name in names
        if not name.startswith(prefix) and name not in wanted
    }
    return Layout(
        name='recognizer',
        title=f'`{owner}{part}` of a recognizer of ours',
        marks=(),
        prefix=prefix,
        no_place=tuple(groups),
        rules=tuple(rules),
        key='state_dict',
    )


def _group(name: str, owner: str) -> str:
    start = owner if name.startswith(owner) else ''
    first, dot, _ = name.removeprefix(start).partition('.')
    return f'{start}{first}{dot and ".*"}'
