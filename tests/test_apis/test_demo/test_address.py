import socket

import pytest

from mmavssl.apis.demo.address import check_address
from mmavssl.utils.errors import ConfigError

HERE = '127.0.0.1'


def test_any_port_that_is_free():
    check_address(HERE, 0)
    check_address('localhost', 0)


def test_a_port_that_is_taken():
    with socket.socket() as other:
        other.bind((HERE, 0))
        other.listen()
        port = other.getsockname()[1]
        for host in (HERE, '0.0.0.0'):
            with pytest.raises(ConfigError, match=rf'^--port {port} cannot be taken: .* in use'):
                check_address(host, port)
    check_address(HERE, port)  # it is free again


@pytest.mark.parametrize('port', [-1, 65536, 99999])
def test_a_number_that_is_no_port(port):
    with pytest.raises(ConfigError, match=f'^--port {port} is not from 0 .* to 65535'):
        check_address(HERE, port)


# 192.0.2.1 is an address of no machine, by RFC 5737.
@pytest.mark.parametrize('host', ['192.0.2.1', '1.2.3.4.5', 'a..b', 'x' * 70])
def test_an_address_that_is_none_of_this_machine(host):
    with pytest.raises(ConfigError, match=f'^--host {host} is no '):
        check_address(host, 0)
