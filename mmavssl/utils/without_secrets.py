"""What may be written of a config into a file that others read."""

from typing import Any

#: Keys whose values may have passwords in them.
SECRETS = ('backend_args',)


def without_secrets(value: Any) -> Any:
    """Return a config, or a part of one, without access data of storages at any depth.

    >>> without_secrets([{'type': 'OpenAVFile', 'backend_args': {'secret': 'x'}}])
    [{'type': 'OpenAVFile'}]
    """
    if isinstance(value, dict):
        return {key: without_secrets(v) for key, v in value.items() if key not in SECRETS}
    if isinstance(value, list | tuple):
        return [without_secrets(item) for item in value]
    return value
