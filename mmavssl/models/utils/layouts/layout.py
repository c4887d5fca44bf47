"""A published layout: the names and forms of tensors in a file, to ours and back."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import NamedTuple

from torch import Tensor

from mmavssl.models.utils.fit import MisfitError, StateDict
from mmavssl.models.utils.layouts.rule import Rule
from mmavssl.models.utils.report import BLOCK_NUMBER, Report
from mmavssl.structures.network_facts import UNKNOWN, NetworkFacts


class Translation(NamedTuple):
    """Tensors by our names, and those of the file that have no place in our networks."""

    state: StateDict
    rest: StateDict


@dataclass(frozen=True)
class Layout:
    """The names of one publication. One that no rule tells of is ours after the prefix.

    Attributes:
        name: what tools call it.
        title: what people call it.
        marks: a file has this layout if it has all names of one of these groups.
        prefix: before the names of the network.
        no_place: patterns of names that have no place in our networks, such as heads.
        rules: what differs by more than the prefix.
        complete: adds what the network has and the file does not need to hold.
        read_facts: returns what the shapes in the file tell and ours do not.
        key: of the official file's tensors; None if they are all that it holds.
        parallel_prefix: what the official file has before all names.
    """

    name: str
    title: str
    marks: tuple[tuple[str, ...], ...]
    prefix: str = ''
    no_place: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    complete: Callable[[StateDict, Report], None] | None = None
    read_facts: Callable[[StateDict], NetworkFacts] = lambda source: UNKNOWN
    key: str | None = None
    parallel_prefix: str = ''

    @property
    def path(self) -> str:
        """Path of the network in the file."""
        return self.prefix.removesuffix('.')

    @property
    def is_reversible(self) -> bool:
        """Whether ours can be written in this layout."""
        return self.complete is None and all(rule.split for rule in self.rules)

    def recognizes(self, names: Collection[str]) -> bool:
        """Whether a file with these names has this layout."""
        return any(all(mark in names for mark in group) for group in self.marks)

    def to_ours(self, source: StateDict, report: Report) -> Translation:
        """Return the tensors of a file by our names.

        Args:
            source: tensors by their names in the file.
            report: gets what became of each.

        Raises:
            MisfitError: two tensors for one place, or tensors of other dimensions.
        """
        report.layout = self.title
        left, state, rest = dict(source), {}, {}
        for rule in self._rules_for(source):
            if all(name in left for name in rule.theirs):
                state[rule.ours] = _join(rule, [left.pop(name) for name in rule.theirs])
                report.take(rule.ours, rule.theirs, rule.how)
        for name, tensor in left.items():
            group = next((p for p in self.no_place if fnmatchcase(name, p)), None)
            if group is not None:
                rest[name] = tensor
                report.drop(name, group)
                continue
            ours = name.removeprefix(self.prefix)
            if ours in state:
                raise MisfitError(f'{name} and another tensor of it would both become {ours}')
            state[ours] = tensor
            report.take(ours, (name,))
        if self.complete is not None:
            self.complete(state, report)
        return Translation(state, rest)

    def to_official(self, state: StateDict, report: Report) -> StateDict:
        """Return our tensors, which are those of a whole network, by their official names.

        Args:
            state: tensors by our names.
            report: gets what became of each.
        """
        report.layout = self.title
        left, official = dict(state), {}
        for rule in self._rules_for(state):
            if rule.ours in left:
                parts = rule.split(left.pop(rule.ours))
                for name, part in zip(rule.theirs, parts, strict=True):
                    official[name] = part.contiguous()
                    report.take(name, (rule.ours,), rule.how_back)
        for name, tensor in left.items():
            official[f'{self.prefix}{name}'] = tensor
            report.take(f'{self.prefix}{name}', (name,))
        return official

    def _rules_for(self, names: Collection[str]) -> Iterator[Rule]:
        numbers = [int(found.group(2)) for found in map(BLOCK_NUMBER.search, names) if found]
        for rule in self.rules:
            yield from rule.per_block(max(numbers, default=-1) + 1)


def _join(rule: Rule, tensors: list[Tensor]) -> Tensor:
    try:
        return rule.join(*tensors)
    except (IndexError, RuntimeError) as error:
        parts = ', '.join(
            f'{name} {tuple(tensor.shape)}'
            for name, tensor in zip(rule.theirs, tensors, strict=True)
        )
        raise MisfitError(f'its {parts} cannot be {rule.how}') from error
