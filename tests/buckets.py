"""A bucket for tests: as much of S3 as keeping files needs, on loopback, checked for nothing but what was asked."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Bucket(ThreadingHTTPServer):
    """What is in it, by name, and what was asked of it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Door)
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.is_full = False

    @property
    def setting(self) -> str:
        return f"s3://key:secret@127.0.0.1:{self.server_port}/parlor?region=test&tls=0"


class Door(BaseHTTPRequestHandler):
    server: Bucket
    protocol_version = "HTTP/1.1"

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body)), "ETag": '"x"'} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    @property
    def key(self) -> str:
        self.server.asked.append(f"{self.command} {self.path} {self.headers.get('Range', '')}".strip())
        assert "Credential=key/" in self.headers["Authorization"], "it is signed"
        return self.path.partition("?")[0].removeprefix("/parlor/")

    def do_PUT(self) -> None:
        key = self.key
        if self.headers.get("Transfer-Encoding") == "chunked" or "aws-chunked" in self.headers.get(
            "Content-Encoding", ""
        ):
            body = self._chunks()
        else:
            body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.is_full:
            return self._answer(403, b"<Error><Code>QuotaExceeded</Code></Error>")
        self.server.files[key] = body
        return self._answer(200)

    def _chunks(self) -> bytes:
        """The body as AWS signs it: piece by piece, each after its length, then trailers."""
        whole = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            whole += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return whole

    def do_GET(self) -> None:
        data = self.server.files.get(self.key)
        if data is None:
            return self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        first, _, last = self.headers.get("Range", f"bytes=0-{len(data)}").removeprefix("bytes=").partition("-")
        part = data[int(first) : int(last) + 1]
        return self._answer(206, part, Content_Range=f"bytes {first}-{last}/{len(data)}")

    def do_HEAD(self) -> None:
        data = self.server.files.get(self.key)
        self._answer(404 if data is None else 200, data or b"")

    def do_DELETE(self) -> None:
        self.server.files.pop(self.key, None)
        self._answer(204)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def bucket() -> Iterator[Bucket]:
    """A bucket that answers while the test runs."""
    server = Bucket()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
