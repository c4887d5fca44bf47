"""Mistakes in configs, as people and programs make them."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from mmavssl.utils.config_slots import KNOWN_TOP_LEVEL

#: Where MMEngine or a user chooses the names, or that nothing of training reads.
FREE = ('prepare_commands', 'experiment_name', 'custom_imports')
#: Dicts whose keys are names that may be any.
FREE_NAMES = ('default_hooks', 'metainfo')
WRONG = (None, 'abc', '', '3', 1, 2.5, True, [], {}, [1], {'a': 1}, ['abc', None], [[]])
EXTREME = (-1, 0, -0.5, 1.5, 10**9, 10**30, 1e30, -1e30, 1e-30, float('nan'), float('inf'))
TYPES = (
    'TubeToken', 'Flip', 'AVDataset', 'Adam', 'FNACLoss', 'Nothing', 'mmavssl.LogMel', 'Linear',
    'TimeSformer', 'EMATeacherHook', 'torch.nn.Linear', 'MultiStepLR', '', '.', 'a.b.c',
)  # fmt: skip
Path = tuple[str | int, ...]


@dataclass
class Mutation:
    """One mistake.

    Attributes:
        kind: of mistake.
        path: of what was changed.
        names: one of which the message must have: the key, the wrong value.
        unknown: whether the mistake is a key that means nothing there.
    """

    kind: str
    path: Path
    names: list[str] = field(default_factory=list)
    unknown: bool = False

    def __str__(self) -> str:
        return f'{self.kind} {dotted(self.path)} ({self.names[-1][:80]})'


def dotted(path: Path) -> str:
    """Return a path as messages have it."""
    parts = (f'[{key}]' if isinstance(key, int) else f'.{key}' for key in path)
    return ''.join(parts).removeprefix('.')


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the paths of all keys and items of a config that have a meaning."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, child in items:
        if not path and (key not in KNOWN_TOP_LEVEL or key in FREE):
            continue
        yield (*path, key)
        if isinstance(child, dict | list | tuple):
            yield from places(child, (*path, key))


def thaw(value: Any) -> Any:
    """Return a deep copy in which tuples are lists, as they are in JSON."""
    if isinstance(value, dict):
        return {key: thaw(child) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [thaw(child) for child in value]
    return copy.deepcopy(value)


def get(cfg: Any, path: Path) -> Any:
    """Return what stands at a path."""
    for key in path:
        cfg = cfg[key]
    return cfg


def misspell(cfg: dict, path: Path, rng: random.Random) -> Mutation | None:
    """Drop, double or swap letters of a key."""
    parent, key = get(cfg, path[:-1]), path[-1]
    if not isinstance(key, str) or len(key) < 4 or key == 'type':
        return None
    at = rng.randrange(1, len(key) - 1)
    wrong = rng.choice(
        (key[:at] + key[at + 1 :], key[:at] + key[at] + key[at:],
         key[: at - 1] + key[at] + key[at - 1] + key[at + 1 :], key + 's', key.upper())
    )  # fmt: skip
    if wrong in parent:
        return None
    parent[wrong] = parent.pop(key)
    is_free = any(name in path[-2:-1] for name in FREE_NAMES)
    return Mutation('misspelt', (*path[:-1], wrong), [wrong, key], not is_free)


def add_key(cfg: dict, path: Path, rng: random.Random) -> Mutation | None:
    """Add a key that nothing knows."""
    value = get(cfg, path)
    if not isinstance(value, dict) or path[-1] in FREE_NAMES:
        return None
    name = rng.choice(('foo', 'lr', 'num_worker', 'Type', 'in_channel', '1x'))
    if name in value:
        return None
    value[name] = rng.choice((1, 'abc', {}, None))
    return Mutation('unknown key', (*path, name), [name], True)


def remove(cfg: dict, path: Path, rng: random.Random) -> Mutation | None:
    """Remove a key or an item."""
    parent, key = get(cfg, path[:-1]), path[-1]
    old = parent.pop(key)
    names = [str(key), last_name(path)]
    if isinstance(old, dict):
        names += [str(old.get('type'))]
    return Mutation('removed', path, names)


def wrong_type(cfg: dict, path: Path, rng: random.Random) -> Mutation | None:
    """Put something of another type there."""
    return put(cfg, path, rng.choice(WRONG), 'wrong type')


def extreme(cfg: dict, path: Path, rng: random.Random) -> Mutation | None:
    """Put a number out of range in the place of a number."""
    old = get(cfg, path)
    if isinstance(old, bool) or not isinstance(old, int | float):
        return None
    value = rng.choice((*EXTREME, -old, old * 1000, old + 0.5))
    return put(cfg, path, value, 'out of range')


def swap(cfg: dict, path: Path, rng: random.Random) -> Mutation | None:
    """Swap the values of two keys of a dict."""
    parent, key = get(cfg, path[:-1]), path[-1]
    others = [other for other in parent if other != key] if isinstance(parent, dict) else []
    if not others:
        return None
    other = rng.choice(others)
    parent[key], parent[other] = parent[other], parent[key]
    names = [str(key), str(other), *shown(parent[key]), *shown(parent[other])]
    return Mutation('swapped', path, [*names, str(other)])


def wrong_kind(cfg: dict, path: Path, rng: random.Random) -> Mutation | None:
    """Name a component of another kind, or one that does not exist."""
    value = get(cfg, path)
    if not isinstance(value, dict) or 'type' not in value:
        return None
    return put(cfg, (*path, 'type'), rng.choice((*TYPES, *WRONG)), 'wrong component')


def other_container(cfg: dict, path: Path, rng: random.Random) -> Mutation | None:
    """Put a dict into a list, or take one out of it; nest a list."""
    value = get(cfg, path)
    if isinstance(value, list):
        new = rng.choice((value[:1] and value[0], [value], {'a': value}, dict(enumerate(value))))
    else:
        new = rng.choice(([value], {'value': value}, [value, value]))
    return put(cfg, path, new, 'other container')


def put(cfg: dict, path: Path, value: Any, kind: str) -> Mutation | None:
    """Set a value, unless it is that already."""
    parent, key = get(cfg, path[:-1]), path[-1]
    if repr(parent[key]) == repr(value):
        return None
    parent[key] = copy.deepcopy(value)
    return Mutation(kind, path, [last_name(path), *shown(value)])


def last_name(path: Path) -> str:
    """Return the last key of a path that is a name."""
    return next(key for key in reversed(path) if isinstance(key, str))


def shown(value: Any) -> list[str]:
    """Return how a message may show a value; short ones would be found in any message."""
    texts = [repr(value), str(value)]
    if isinstance(value, str):
        texts.append(value.rpartition('.')[2])  # a class may be named without its module
    return [text for text in texts if len(text) > 2] or [f' {texts[0]}']


#: Each kind is chosen as often as any other, but wrong types and numbers, which are many.
KINDS = (
    misspell, add_key, remove, wrong_type, wrong_type, extreme, extreme, swap, wrong_kind,
    other_container,
)  # fmt: skip


def mutate(base: dict, rng: random.Random) -> tuple[dict, Mutation]:
    """Return a copy of a config with one mistake, and what it is."""
    cfg = thaw(base)
    paths = list(places(cfg))
    sections = sorted({path[0] for path in paths})
    # Half of them from anywhere: most keys are in pipelines.
    section = rng.choice(sections) if rng.random() < 0.5 else None
    while True:
        path = rng.choice([p for p in paths if section in (None, p[0])])
        mutation = rng.choice(KINDS)(cfg, path, rng)
        if mutation is not None:
            return cfg, mutation
        if rng.random() < 0.01:
            section = None  # nothing there can be mistaken in any of these ways
