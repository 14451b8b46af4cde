"""The proxy: bytes pass unchanged, and each fault is what a client sees."""
import os
import socket
import threading
import time

import pytest

from proxy import Proxy


@pytest.fixture
def proxy():
    """A proxy in front of an echo server."""
    server = socket.create_server(("127.0.0.1", 0))

    def echo(link):
        with link:
            try:
                while data := link.recv(65536):
                    link.sendall(data)
            except OSError:
                pass

    def accept():
        while True:
            try:
                link = server.accept()[0]
            except OSError:
                return
            threading.Thread(target=echo, args=(link,), daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()
    proxy = Proxy(server.getsockname()[1])
    yield proxy
    proxy.close()
    server.close()


def connect(proxy):
    return socket.create_connection(("127.0.0.1", proxy.port), 5)


def ask(link, data=b"ping"):
    link.sendall(data)
    answer = b""
    while len(answer) < len(data):
        piece = link.recv(65536)
        if not piece:
            raise ConnectionError("closed")
        answer += piece
    return answer


def test_passes_unchanged(proxy):
    data = os.urandom(3_000_000)
    link = connect(proxy)
    sender = threading.Thread(target=link.sendall, args=(data,))
    sender.start()
    answer = b""
    while len(answer) < len(data):
        answer += link.recv(1 << 20)
    sender.join()
    assert answer == data and proxy.bytes == 2 * len(data)


def test_end_passes_through(proxy):
    link = connect(proxy)
    ask(link)
    link.shutdown(socket.SHUT_WR)
    assert link.recv(1) == b""


def test_cut(proxy):
    link = connect(proxy)
    ask(link)
    assert proxy.cut() == 1
    with pytest.raises(ConnectionResetError):
        link.recv(1)
    assert ask(connect(proxy)) == b"ping"


def test_stall(proxy):
    link = connect(proxy)
    ask(link)
    proxy.stall()
    link.settimeout(0.3)
    with pytest.raises(TimeoutError):
        ask(link)
    proxy.resume()
    link.settimeout(5)
    assert link.recv(4) == b"ping"


def test_slow(proxy):
    link = connect(proxy)
    proxy.slow(100_000)
    began = time.monotonic()
    ask(link, b"x" * 20_000)
    assert time.monotonic() - began > 0.2
    proxy.slow(None)
    began = time.monotonic()
    for _ in range(50):
        ask(link, b"x" * 20_000)
    assert time.monotonic() - began < 10  # a million bytes either way: 20 s if it were slow still


def test_refuse(proxy):
    link = connect(proxy)
    ask(link)
    proxy.refuse()
    with pytest.raises(ConnectionResetError):
        link.recv(1)
    with pytest.raises(ConnectionRefusedError):
        connect(proxy)
    proxy.accept()
    assert ask(connect(proxy)) == b"ping"


def test_dead_target():
    """Who connects although nobody is behind it is reset, not left hanging."""
    proxy = Proxy(1)
    with pytest.raises(ConnectionResetError):
        connect(proxy).recv(1)
    proxy.close()
