"""What a training step gets, which says what there is where it is asked for something else."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from mmavssl.utils.errors import ConfigError


class MissingInputError(ConfigError, KeyError):
    """A key that is not there, also for code that catches a ``KeyError``."""

    __str__ = ConfigError.__str__  # without quotes around it


class GivenInputs(dict):
    """A dict whose message about a missing key names the algorithm, the key and what there is.

    Args:
        values: of the dict; dicts in it become such ones, too.
        name: of the dict, as in the algorithm's code.
        algorithm: name of the class that gets it.
    """

    def __init__(self, values: dict, name: str, algorithm: str) -> None:
        self.name = name
        self.algorithm = algorithm
        super().__init__({key: self._named(key, value) for key, value in values.items()})

    def _named(self, key: Hashable, value: Any) -> Any:
        if isinstance(value, dict):
            return GivenInputs(value, f'{self.name}[{key!r}]', self.algorithm)
        return value

    def __missing__(self, key: Hashable) -> None:
        """Say what there is.

        Raises:
            MissingInputError: always.
        """
        raise MissingInputError(
            f'{self.algorithm}.loss asks for {self.name}[{key!r}], but '
            f'{self.name} has {", ".join(map(repr, self)) or "nothing"}. `inputs` has the sources '
            'of the data set, by them the views of their pipeline, and in these video and audio.'
        )
