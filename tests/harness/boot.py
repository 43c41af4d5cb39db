"""Start a real server the way an artefact would, and ask what it made of it.

The server gets a folder of its own and listens on a unix socket there, nowhere
else: a few settings are put last on its command line and win over everything
that came before. Those are in `REPLACED` and cannot be compared.
"""

from __future__ import annotations

import contextlib
import re
import tempfile
import time
from pathlib import Path
from typing import Iterator, List, Optional, Sequence, Set

from .resp import Client, ErrorReply

REPLACED = {"port", "unixsocket", "dir", "logfile", "daemonize", "pidfile", "supervised", "syslog-enabled",
            "cluster-enabled", "replicaof", "slaveof"}
# These are acted upon as soon as they are read, so that the last word does not undo them.
AT_ONCE = re.compile(r"(dir|logfile|pidfile)", re.IGNORECASE)
INCLUDE = re.compile(r"\s*include\s+(\S+)", re.IGNORECASE)


class Refused(Exception):
    """The server did not start; the text is what it said."""


@contextlib.contextmanager
def booted(ctx, series: str, words: Sequence[str], password: Optional[str] = None) -> Iterator[Client]:
    """Run the server with these words after its name, for the length of a `with` block.

    `password` is used if the server asks for one.
    """
    with tempfile.TemporaryDirectory(prefix="boot-", dir=ctx.scratch) as name:
        home = Path(name)
        command = [ctx.server(series), *_harmless(words, home), *_last_words(home)]
        log = ctx.scratch / "running.log"
        start = log.stat().st_size if log.exists() else 0
        with ctx.running(command, cwd=home) as process:
            client = _connect(home / "s", process)
            if client is None:
                raise Refused(_said(log, start))
            try:
                _let_in(client, password)
                yield client
            finally:
                client.close()


def shown(client: Client, name: str) -> Optional[str]:
    """What CONFIG GET says of one directive; None if the server does not know it."""
    reply = client.call("CONFIG", "GET", name)
    if isinstance(reply, ErrorReply):
        raise Refused(f"CONFIG GET {name}: {reply}")
    return reply[1] if reply else None


def _last_words(home: Path) -> List[str]:
    return ["--port", "0", "--unixsocket", str(home / "s"), "--dir", str(home), "--logfile", "", "--daemonize", "no",
            "--pidfile", str(home / "pid"), "--supervised", "no", "--syslog-enabled", "no", "--cluster-enabled", "no",
            "--replicaof", "no", "one"]


def _harmless(words: Sequence[str], home: Path) -> List[str]:
    """The words without those that would touch folders that only exist in a container."""
    kept, seen = list(words), set()
    for at, word in enumerate(kept):
        if at == 0 and not word.startswith("-"):
            _clean(Path(word), seen)
        elif word.lower() == "--include" and at + 1 < len(kept):
            _clean(Path(kept[at + 1]), seen)
        elif word.startswith("--") and AT_ONCE.fullmatch(word[2:]) and at + 1 < len(kept):
            kept[at + 1] = str(home) if word[2:].lower() == "dir" else str(home / "file")
    return kept


def _clean(path: Path, seen: Set[Path]) -> None:
    """Take such lines out of a configuration file and out of what it includes."""
    if path in seen or not path.is_file():
        return
    seen.add(path)
    lines = path.read_bytes().split(b"\n")
    kept = []
    for line in lines:
        text = line.decode(errors="surrogateescape")
        included = INCLUDE.match(text)
        if included:
            _clean(Path(included.group(1).strip("\"'")), seen)
        if not (text.split() and AT_ONCE.fullmatch(text.split()[0].strip("\"'"))):
            kept.append(line)
    if kept != lines:
        path.write_bytes(b"\n".join(kept))


def _connect(path: Path, process, patience: float = 20.0) -> Optional[Client]:
    """A connection as soon as there is one; None if the server has ended."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        try:
            return Client(path)
        except (FileNotFoundError, ConnectionRefusedError):
            if process.poll() is not None:
                return None
            time.sleep(0.01)
    raise Refused(f"the server opened no socket within {patience:g} seconds")


def _let_in(client: Client, password: Optional[str]) -> None:
    while True:
        reply = client.call("PING")
        if not isinstance(reply, ErrorReply):
            return
        if reply.startswith("NOAUTH") and password is not None:
            answer = client.call("AUTH", password)
            if isinstance(answer, ErrorReply):
                raise Refused(f"AUTH: {answer}")
        elif not reply.startswith("LOADING"):
            raise Refused(f"PING: {reply}")
        time.sleep(0.01)


def _said(log: Path, start: int) -> str:
    """The end of what the server said: its fatal error, or its last lines."""
    with open(log, "rb") as file:
        file.seek(start)
        lines = [line for line in file.read().decode(errors="replace").splitlines() if line.strip()]
    fatal = next((at for at, line in enumerate(lines) if "FATAL CONFIG FILE ERROR" in line), max(len(lines) - 5, 0))
    return "the server did not start:\n" + "\n".join(lines[fatal:fatal + 5])
