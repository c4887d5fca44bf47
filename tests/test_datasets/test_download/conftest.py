"""A server of this process, which can be told to fail."""

import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mmavssl.datasets.download import http_file
from mmavssl.datasets.preparation.prepare import Options, prepare
from mmavssl.datasets.preparation.recipe import Recipe


class Server(ThreadingHTTPServer):
    """Serves bytes by path.

    Attributes:
        files: content by path without the first slash.
        asked: path and range of each request.
        ranges: whether it begins where it is asked to.
        breaks: bytes after which a connection ends; None: all are sent.
        refuses: status codes of the next requests.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(('127.0.0.1', 0), Handler)
        self.files: dict[str, bytes] = {}
        self.asked: list[tuple[str, str | None]] = []
        self.ranges = True
        self.breaks: int | None = None
        self.refuses: list[int] = []

    @property
    def url(self) -> str:
        return f'http://127.0.0.1:{self.server_port}/'


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        path, asked = self.path[1:], self.headers.get('Range')
        self.server.asked.append((path, asked))
        content = self.server.files.get(path)
        if self.server.refuses:
            self.send_error(self.server.refuses.pop(0))
            return
        if content is None:
            self.send_error(404)
            return
        begin = 0
        if asked and self.server.ranges:
            begin = int(re.fullmatch(r'bytes=(\d+)-', asked)[1])
            if begin >= len(content):
                self.send_response(416)
                self.send_header('Content-Range', f'bytes */{len(content)}')
                self.end_headers()
                return
            self.send_response(206)
            self.send_header('Content-Range', f'bytes {begin}-{len(content) - 1}/{len(content)}')
        else:
            self.send_response(200)
        self.send_header('Content-Length', str(len(content) - begin))
        self.end_headers()
        end = len(content) if self.server.breaks is None else begin + self.server.breaks
        self.wfile.write(content[begin:end])

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *args: object) -> None:
        """Be silent."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server, from which nobody waits to ask again."""
    monkeypatch.setattr(http_file, 'PAUSE', 0)
    monkeypatch.setenv('no_proxy', '127.0.0.1')
    with Server() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def prepared(tmp_path: Path) -> Callable[[Recipe, Path], dict[str, int]]:
    """Return a function that makes lists of what was downloaded, and counts their clips."""

    def count(recipe: Recipe, folder: Path) -> dict[str, int]:
        prepare(recipe, folder, tmp_path / 'own', Options(workers=1))
        return {
            part: len((tmp_path / f'own/manifest_{part}.csv').read_text().splitlines()) - 1
            for part in ('train', 'test')
        }

    return count
