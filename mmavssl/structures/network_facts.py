"""What the tensors of a transformer do not tell of it, as a file or its user does."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from mmavssl.utils.errors import ConfigError

#: Where files of tools/convert say it: ``content['meta'][FACTS_KEY]``, by the path of the network
#: in the file, such as ``student.backbone``; empty where it is all of the file.
FACTS_KEY = 'networks'


class NetworkFacts(NamedTuple):
    """Arguments of a transformer on which no shape depends; None where they are not known.

    Attributes:
        num_heads: attention heads.
        stride: step between the patches of an `ASTEncoder`.
        num_mel_bins: of the sound that an `ASTEncoder` hears.
    """

    num_heads: int | None = None
    stride: int | None = None
    num_mel_bins: int | None = None

    def known(self) -> dict[str, int]:
        """Return those that are known.

        >>> NetworkFacts(stride=10).known()
        {'stride': 10}
        """
        return {name: value for name, value in self._asdict().items() if value is not None}


UNKNOWN = NetworkFacts()


def parse_facts(source: Any) -> NetworkFacts:
    """Return what a user says of the network in a file.

    Args:
        source: some of the fields of `NetworkFacts`.

    Raises:
        ConfigError: other fields, or values that are no whole numbers of at least 1.
    """
    is_valid = isinstance(source, Mapping) and set(source) <= set(NetworkFacts._fields)
    if not is_valid or not all(map(is_whole, source.values())):
        raise ConfigError(
            f'Expected `source` to have some of {", ".join(NetworkFacts._fields)}, which are '
            f'whole numbers of at least 1, but got {source!r}.'
        )
    return NetworkFacts(**source)


def read_facts(content: Any) -> dict[str, NetworkFacts]:
    """Return what a file says of its networks, by their paths.

    Args:
        content: of the file, whoever wrote it; what does not look like ours is passed over.
    """
    for key in ('meta', FACTS_KEY):
        content = content.get(key) if isinstance(content, Mapping) else None
    networks = content if isinstance(content, Mapping) else {}
    return {
        path: NetworkFacts(**{
            name: facts[name] for name in NetworkFacts._fields if is_whole(facts.get(name))
        })
        for path, facts in networks.items()
        if isinstance(path, str) and isinstance(facts, Mapping)
    }  # fmt: skip


def is_whole(value: Any, least: int = 1) -> bool:
    """Whether a value is a whole number that is large enough."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
