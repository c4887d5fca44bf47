"""Can the page listen where it is told to?"""

import errno
import socket

from mmavssl.utils.errors import ConfigError

MAX_PORT = 2**16 - 1


def check_address(host: str, port: int) -> None:
    """Raise unless a server can listen there, by listening for a moment.

    Args:
        host: name or address of this machine.
        port: number; 0 for any that is free.

    Raises:
        ConfigError: says which of the two options to change.
    """
    if not 0 <= port <= MAX_PORT:
        raise ConfigError(f'--port {port} is not from 0 (any that is free) to {MAX_PORT}.')
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind, protocol) as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind(address)
            server.listen()
    except OSError as error:
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            raise ConfigError(
                f'--port {port} cannot be taken: {error.strerror}. Name another one, or 0 for any '
                'that is free.'
            ) from None
        raise ConfigError(
            f'--host {host} is no address to listen at: {error.strerror}. Name one of this '
            'machine, or 0.0.0.0 for all of them.'
        ) from None
    except UnicodeError:  # an empty part, or one of more than 63 letters
        raise ConfigError(f'--host {host} is no name of a machine.') from None
