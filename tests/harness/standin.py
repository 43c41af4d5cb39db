"""Run a command with stand-ins for the programs it would start, which write down their words.

So a real shell does what a real shell does, and what comes out of it can be
looked at before a server or Docker sees it.
"""

from __future__ import annotations

import os
from typing import List, Mapping, Optional, Sequence, Tuple

from .common import write_script
from .verdict import Wrong

SERVERS = ("redis-server", "valkey-server")


def written_down(ctx, command: Sequence, names: Sequence[str],
                 env: Optional[Mapping[str, str]] = None) -> Tuple[str, List[str]]:
    """Run `command`; the name and the words of the stand-in that it came to start. More than one start is wrong."""
    programs, record = ctx.scratch / "stand-ins", ctx.scratch / "stand-ins" / "record"
    for name in names:
        # One word: a zero byte, so that empty words and newlines survive. `=` starts a record.
        write_script(programs / name, f"printf '%s\\0' '={name}' \"$@\" >>'{record}'\n")
    record.unlink(missing_ok=True)
    done = ctx.run(command, env={"PATH": f"{programs}:{os.environ['PATH']}", **(env or {})}, timeout=30)
    raw = record.read_bytes() if record.exists() else b""
    words = [word.decode(errors="surrogateescape") for word in raw.split(b"\0")[:-1]]
    starts = [at for at, word in enumerate(words) if word[1:] in names and word.startswith("=")]
    if done.code != 0 or len(starts) != 1:
        raise Wrong(f"expected one start of {' or '.join(names)}, saw {len(starts)}; "
                    f"the command ended with status {done.code}:\n{done.last_words()}")
    return words[0][1:], words[1:]


def as_image(words: Sequence[str], engine: str) -> List[str]:
    """What the official image's entrypoint runs: options alone, or a file alone, get the server's name in front."""
    if words and (words[0].startswith("-") or words[0].endswith(".conf")):
        return [f"{engine}-server", *words]
    return list(words)


def server_words(ctx, command: Sequence[str], engine: str, env: Optional[Mapping[str, str]] = None) -> List[str]:
    """The words that the server of this engine is started with when a container runs `command`."""
    if not command:
        raise Wrong("nothing is run: the command is empty")
    name, words = written_down(ctx, as_image(command, engine), SERVERS, env)
    if name != f"{engine}-server":
        raise Wrong(f"expected {engine}-server to be started, it was {name}")
    return words
