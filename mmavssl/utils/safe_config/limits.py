"""How large a config may be that somebody else wrote, and how it is refused."""

from mmavssl.utils.errors import ConfigError

MAX_BYTES = 2**18  # of a file; the largest of configs/ has 2^12
MAX_FILES = 64  # a file that several ones have as their base counts as often
MAX_DEPTH = 50  # of values in values
MAX_SIZE = 10**6  # values and characters, each as often as it occurs when all names are filled in
MAX_INT = 2**63


def refusal(path: str, line: int, what: str, advice: str) -> ConfigError:
    """Return the error for something that is not data.

    Args:
        path: of the file.
        line: where it is.
        what: is there.
        advice: what to write instead.
    """
    return ConfigError(
        f'{path}:{line}: --safe-config accepts data only, but here is {what}. {advice}, or leave '
        '--safe-config out after you have read the file.'
    )
