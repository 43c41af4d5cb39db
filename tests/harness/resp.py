"""Talk to a server over a unix socket: RESP2, one command at a time, whole replies only."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import BinaryIO, List, Union

Reply = Union[str, int, None, "ErrorReply", List["Reply"]]


class ErrorReply(str):
    """What the server answered with a minus in front: `ERR unknown command …`."""


class Client:
    """One connection. Bytes that are not UTF-8 survive the way through `str` (surrogateescape)."""

    def __init__(self, path: Path, patience: float = 5.0):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(patience)
        self._socket.connect(str(path))
        self._replies = self._socket.makefile("rb")

    def call(self, *words: str) -> Reply:
        """Send one command and wait for its answer. An error is returned, not raised."""
        raw = [word.encode(errors="surrogateescape") for word in words]
        self._socket.sendall(b"*%d\r\n" % len(raw) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in raw))
        return _read(self._replies)

    def close(self) -> None:
        self._replies.close()
        self._socket.close()


def _read(stream: BinaryIO) -> Reply:
    line = stream.readline()
    if not line.endswith(b"\r\n"):
        raise ConnectionError("the server closed the connection")
    kind, rest = line[:1], line[1:-2].decode(errors="surrogateescape")
    if kind == b"+":
        return rest
    if kind == b"-":
        return ErrorReply(rest)
    if kind == b":":
        return int(rest)
    if kind not in (b"$", b"*"):
        raise ConnectionError(f"not RESP2: {line[:80]!r}")
    if int(rest) < 0:
        return None
    if kind == b"*":
        return [_read(stream) for _ in range(int(rest))]
    return stream.read(int(rest) + 2)[:-2].decode(errors="surrogateescape")
