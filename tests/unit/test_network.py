"""No test can reach another machine: what these prove holds for the whole suite."""

import socket

import pytest
from pytest_socket import SocketConnectBlockedError


@pytest.mark.filterwarnings("ignore:A test tried to use socket:UserWarning")
@pytest.mark.parametrize("host", ["192.0.2.1", "198.51.100.1", "2001:db8::1"])
def test_another_machine_is_refused(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as client, pytest.raises(SocketConnectBlockedError):
        client.connect((host, 80))


def test_a_name_is_refused_before_it_leaves_this_machine() -> None:
    with pytest.raises((SocketConnectBlockedError, socket.gaierror)):
        socket.create_connection(("example.invalid", 443), timeout=1)


def test_this_machine_is_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(server.getsockname(), timeout=5) as client:
            client.sendall(b"x")
            accepted, _ = server.accept()
        with accepted:
            assert accepted.recv(1) == b"x"
