"""Weights of an algorithm's losses."""

from collections.abc import Mapping


def with_defaults(given: Mapping[str, float] | None, defaults: dict[str, float]) -> dict:
    """Return the weights of all losses.

    Args:
        given: weights by name; missing ones keep their default.
        defaults: weights of all losses that there are.

    Raises:
        ValueError: a weight of no loss.
    """
    unknown = set(given or ()) - set(defaults)
    if unknown:
        raise ValueError(
            f'Expected the keys of `loss_weights` to be among {sorted(defaults)}, but got '
            f'{sorted(unknown)}.'
        )
    return {**defaults, **(given or {})}
