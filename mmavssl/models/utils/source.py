"""The tensors that a network starts from, and what is known of their network besides."""

from collections.abc import Mapping

from torch import Tensor

from mmavssl.models.utils.fit import MisfitError
from mmavssl.structures.network_facts import UNKNOWN, NetworkFacts


class SourceTensors(dict[str, Tensor]):
    """Tensors of a file by their names.

    Attributes:
        networks: what the file says of its networks, by their paths in it.
        said: what the user says of the one that is wanted.
    """

    def __init__(
        self, tensors: Mapping[str, Tensor], networks: Mapping[str, NetworkFacts] | None = None
    ) -> None:
        super().__init__(tensors)
        self.networks = dict(networks or {})
        self.said = UNKNOWN

    def part(self, prefix: str) -> 'SourceTensors':
        """Return those whose names begin with ``prefix``, without it."""
        tensors = {n.removeprefix(prefix): t for n, t in self.items() if n.startswith(prefix)}
        networks = {
            f'{path}.'.removeprefix(prefix).removesuffix('.'): facts
            for path, facts in self.networks.items()
            if f'{path}.'.startswith(prefix)
        }
        return SourceTensors(tensors, networks)

    def facts(self, path: str, counted: NetworkFacts = UNKNOWN) -> NetworkFacts:
        """Return what is known of a network, be it from the file or from the user.

        Args:
            path: of the network in the file, such as ``student.backbone``; empty if it is all.
            counted: what the shapes of its tensors tell.

        Raises:
            MisfitError: the user says something else than the file.
        """
        told = self.networks.get(path, UNKNOWN).known() | counted.known()
        for name, value in self.said.known().items():
            if told.get(name, value) != value:
                raise MisfitError(
                    f'`source` has {name}={value}, but the file says {told[name]}'
                )
        return NetworkFacts(**(told | self.said.known()))
